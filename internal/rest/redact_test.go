package rest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey/keytest"
)

// quotes are the ways in which a server may repeat a secret that it was sent in a JSON body, a form or a header.
func quotes(secret string) map[string]string {
	bytes := []byte(secret)
	body, _ := json.Marshal(map[string]any{"name": "n", "config": map[string]any{"password": secret}, "z": 1})
	quoted, _ := json.Marshal(secret)
	twice, _ := json.Marshal(string(quoted))
	var plain strings.Builder
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(secret)
	decimal, hexadecimal, upper, escaped := "", "", "", ""
	for _, r := range secret {
		decimal += fmt.Sprintf("&#%d;", r)
		hexadecimal += fmt.Sprintf("&#x%x;", r)
		upper += fmt.Sprintf("&#X%04X;", r)
		escaped += fmt.Sprintf(`\u%04X`, r)
		if r > 0xffff {
			escaped = strings.ReplaceAll(escaped, fmt.Sprintf(`\u%04X`, r), string(r))
		}
	}
	all := map[string]string{
		"raw": secret, "JSON": string(quoted), "JSON without HTML escapes": plain.String(),
		"JSON with slashes":    strings.ReplaceAll(string(quoted), "/", `\/`),
		"JSON, capital digits": strings.NewReplacer(`\u003c`, `\u003C`, `\u003e`, `\u003E`).Replace(string(quoted)),
		"JSON in JSON":         string(twice), "all of it escaped": escaped,
		"HTML": html.EscapeString(secret), "HTML of JSON": html.EscapeString(string(quoted)),
		"HTML decimal": decimal, "HTML hexadecimal": hexadecimal, "HTML capital": upper,
		"HTML in HTML": html.EscapeString(html.EscapeString(secret)),
		"query":        url.QueryEscape(secret), "path": url.PathEscape(secret),
		"query in lowercase": lowerPercent(url.QueryEscape(secret)),
		"query in a query":   url.QueryEscape(url.QueryEscape(secret)),
		"body":               string(body), "form": url.Values{"client_secret": {secret}, "a": {"b"}}.Encode(),
		"hex": hex.EncodeToString(bytes), "HEX": strings.ToUpper(hex.EncodeToString(bytes)),
		"hex of the body": hex.EncodeToString(body),
		"%q":              fmt.Sprintf("%q", secret), "%+q": fmt.Sprintf("%+q", secret),
	}
	for name, of := range map[string][]byte{
		"secret": bytes, "body": body, "user:password": []byte("elastic:" + secret), "u:password": []byte("u:" + secret),
		"us:password": []byte("us:" + secret),
	} {
		all["base64 of "+name] = base64.StdEncoding.EncodeToString(of)
		all["raw base64 of "+name] = base64.RawStdEncoding.EncodeToString(of)
		all["URL base64 of "+name] = base64.URLEncoding.EncodeToString(of)
		all["raw URL base64 of "+name] = base64.RawURLEncoding.EncodeToString(of)
		all["base64 in a query of "+name] = url.QueryEscape(base64.StdEncoding.EncodeToString(of))
		all["base64 in HTML of "+name] = html.EscapeString(base64.StdEncoding.EncodeToString(of))
	}
	return all
}

func lowerPercent(s string) string {
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '%' {
			s = s[:i] + strings.ToLower(s[i:i+3]) + s[i+3:]
		}
	}
	return s
}

var awkwardSecrets = []string{
	"canary-password", `quote"back\slash`, "a&b<c>d&amp;e", "line one\nline two\r\n\ttab", "with spaces  and+plus/slash",
	"100%25 %2f sure", "ümläut-€-😀-pass", `C:\new\table`, "tr4p=;&?#", `\\double\\`, "&lt;not-escaped&gt;", "ab/cd+ef==",
	"'single' and `tick`", "now_Ab3/+9xYz-_", "sixsix",
}

// TestRedactorKnowsEveryForm holds that no form of a secret survives, and that what stands around it does.
func TestRedactorKnowsEveryForm(t *testing.T) {
	t.Parallel()
	secrets := append([]string{keytest.PKCS8(t, keytest.RSA(t))}, awkwardSecrets...)
	for _, secret := range secrets {
		r := NewRedactor()
		r.Add(secret)
		for name, quoted := range quotes(secret) {
			got := r.Redact(`Cannot parse "` + quoted + `", sorry`)
			if !strings.HasPrefix(got, `Cannot parse "`) || !strings.HasSuffix(got, `", sorry`) {
				t.Errorf("%s of %.20q: the text around it is gone: %.200q", name, secret, got)
			}
			if !strings.Contains(got, Redacted) || survives(got, secret) {
				t.Errorf("%s of %.20q: %.300q became %.300q", name, secret, quoted, got)
			}
		}
	}
}

// survives reports whether a part of a secret that is worth having can be read from a text.
func survives(text, secret string) bool {
	readings := []string{text, canonical(text)}
	for _, reading := range readings {
		for _, part := range strings.FieldsFunc(secret, func(r rune) bool { return strings.ContainsRune(" \r\n\t", r) }) {
			if len(part) >= 6 && !strings.HasPrefix(part, "-----") && strings.Contains(reading, part) {
				return true
			}
		}
	}
	return false
}

func TestRedactorTakesEachLineOfAKey(t *testing.T) {
	t.Parallel()
	key := keytest.PKCS8(t, keytest.RSA(t))
	r := NewRedactor()
	r.Add(key)
	for line := range strings.Lines(key) {
		line = strings.TrimSpace(line)
		got := r.Redact("line 7: " + line + " is odd")
		if secret := !strings.HasPrefix(line, "-----"); secret == (got != "line 7: "+Redacted+" is odd") {
			t.Errorf("%q became %q", line, got)
		}
	}
}

// TestRedactorTakesWhatWasCutShort holds that no beginning of a secret survives where a server quotes only the first
// bytes of a body, as gateways do.
func TestRedactorTakesWhatWasCutShort(t *testing.T) {
	t.Parallel()
	secrets := []string{
		keytest.PKCS8(t, keytest.RSA(t)), "canary-" + strings.Repeat("long", 100), "ümläut-€-ümläut-€-ümläut",
	}
	for _, secret := range secrets {
		r := NewRedactor()
		r.Add(secret)
		for name, quoted := range quotes(`{"password":` + strconv.Quote(secret)) {
			cut := strings.ToValidUTF8(quoted[:len(quoted)*3/4], "")
			got := r.Redact("Blocked: " + cut + "… (cut)")
			if !strings.HasSuffix(got, "… (cut)") || !strings.Contains(got, Redacted) {
				t.Errorf("%s of %.20q: %.300q became %.300q", name, secret, cut, got)
			}
			readable := canonical(got)
			for part := range strings.FieldsSeq(secret) {
				if !strings.HasPrefix(part, "-----") && len(part) >= longPrefix && strings.Contains(readable, part[:longPrefix]) {
					t.Errorf("%s of %.20q: a beginning survives in %.300q", name, secret, got)
				}
			}
		}
	}
	r := NewRedactor()
	r.AddNames("integration.user@example.com")
	if got := r.Redact("integration.user@example.org"); strings.Contains(got, Redacted) {
		t.Errorf("another user's name: %q", got)
	}
}

// TestRedactorLeavesWordsAlone holds that messages stay readable.
func TestRedactorLeavesWordsAlone(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	r.Add("", "abc", "x")
	r.AddNames("elastic", "admin", "svc_connector")
	const text = "The elastic user admin (abc, x) may not read /api/now/table/sys_user?sysparm_query=a%3Db&amp;c \\n"
	if got := r.Redact(text); got != text {
		t.Errorf("became %q", got)
	}
	if got := r.Redact("user svc_connector"); got != "user "+Redacted {
		t.Errorf("a long name: %q", got)
	}
}

// TestRedactorTakesShortWordsWhole hides a password that is a word where it stands alone, however it is quoted, and not
// as a part of other words, which would give it away.
func TestRedactorTakesShortWordsWhole(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	r.Add("admin")
	for text, want := range map[string]string{
		"administrators need user_admin":       "administrators need user_admin",
		`{"password":"admin"}`:                 `{"password":"` + Redacted + `"}`,
		`{\"password\":\"admin\"}`:             `{\"password\":\"` + Redacted + `\"}`,
		"user%3Aadmin%40host":                  "user%3A" + Redacted + "%40host",
		"password=&#34;admin&#34;":             "password=&#34;" + Redacted + "&#34;",
		"\\u0022admin\\u0022":                  "\\u0022" + Redacted + "\\u0022",
		"the password admin, the word admins.": "the password " + Redacted + ", the word admins.",
	} {
		if got := r.Redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestRedactorOverlapsAndTokens(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	r.Add("abc1ef", "1efghi", "abc1")
	for text, want := range map[string]string{
		"x abc1efghi y": "x " + Redacted + " y", "abc1-1efghi": Redacted + "-" + Redacted, "abcabc1abc1": "abc" + Redacted,
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.abc-_1": Redacted,
	} {
		if got := r.Redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestRedactorIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 200 {
				secret := fmt.Sprintf("secret-%d-%d", i, j)
				r.Add(secret)
				if got := r.Redact("<" + secret + ">"); got != "<"+Redacted+">" {
					t.Errorf("%q", got)
				}
			}
		})
	}
	group.Wait()
}

func FuzzRedactor(f *testing.F) {
	for _, secret := range awkwardSecrets {
		f.Add(secret, "before ", " after")
	}
	f.Add("secret\"\\", `{"a":"`, `"}`)
	f.Add("n-after-backslash", `C:\`, `\`)
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < minCore || len(secret) > 200 || strings.ContainsRune(secret, 0xfffd) ||
			strings.ToValidUTF8(secret, "") != secret || len(strings.TrimSpace(canonical(secret))) < minCore {
			t.Skip()
		}
		r := NewRedactor()
		r.Add(secret)
		if strings.Contains(Redacted, secret) || strings.Contains(before+Redacted+after, secret) {
			t.Skip()
		}
		for name, quoted := range map[string]string{
			"raw": secret, "JSON": quotes(secret)["JSON"], "HTML": quotes(secret)["HTML"], "query": quotes(secret)["query"],
			"base64": quotes(secret)["base64 of body"], "hex": quotes(secret)["hex"],
		} {
			got := r.Redact(before + " " + quoted + " " + after)
			if !strings.Contains(got, Redacted) || strings.Contains(got, secret) {
				t.Errorf("%s: %q became %q", name, before+" "+quoted+" "+after, got)
			}
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	r := NewRedactor()
	for i := range 1000 {
		r.Add(fmt.Sprintf("canary-secret-%04d-of-a-connector", i))
	}
	line := "sysparm_fields=sys_id,name&sysparm_query=sys_idIN" + strings.Repeat("0123456789abcdef0123456789abcdef,", 50)
	b.ReportAllocs()
	for b.Loop() {
		r.Redact(line)
	}
}

func BenchmarkAddSecret(b *testing.B) {
	r := NewRedactor()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Add(fmt.Sprintf("canary-secret-%08d-of-a-connector", i))
	}
}

// TestShortestSecrets hides secrets of four bytes in the encodings that they have by themselves, and leaves shorter
// ones alone: replacing those would garble every text.
func TestShortestSecrets(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	r.Add("k3y!", "abc")
	for _, text := range []string{
		"k3y!", base64.StdEncoding.EncodeToString([]byte("k3y!")), base64.RawURLEncoding.EncodeToString([]byte("k3y!")),
		hex.EncodeToString([]byte("k3y!")), url.QueryEscape("k3y!"),
	} {
		if got := r.Redact("said <" + text + "> in an answer"); strings.Contains(got, strings.TrimRight(text, "=")) ||
			!strings.HasPrefix(got, "said <"+Redacted) || !strings.HasSuffix(got, "> in an answer") {
			t.Errorf("%s is shown as %q", text, got)
		}
	}
	if got := r.Redact("abc, and abcd"); got != "abc, and abcd" {
		t.Errorf("a text was garbled: %q", got)
	}
}

// TestEscapesAtTheEnd undoes an escape that a text ends with.
func TestEscapesAtTheEnd(t *testing.T) {
	t.Parallel()
	r := NewRedactor()
	r.Add("canary")
	for _, text := range []string{"x canar%79", "x canar&#121;", `x canar\u0079`, "x %63anar%79"} {
		if got := r.Redact(text); got != "x "+Redacted {
			t.Errorf("%s is shown as %q", text, got)
		}
	}
	if got := r.Redact("100%"); got != "100%" {
		t.Errorf("what is no escape became %q", got)
	}
}
