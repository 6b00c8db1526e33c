package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"golang.org/x/text/unicode/norm"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

// oddNames are what people call things.
var oddNames = []string{
	`Say "hello" \ bye`, "${path.root} %{ if true }x%{ endif }", "$${a} $$${b} %%{c}", "two\nlines # EOT", "\tTab",
	"Zürich Ops", "Zurich-Ops", "zurich ops 2", "日本", "中国", "***", "7 of 9", strings.Repeat("long ", 30),
	"con", "* /* // -- '; {{ }}", "e\u0301 decomposed", "zero\u200bwidth", "🚒",
}

// TestOddEstate takes over what nobody would make on purpose.
func TestOddEstate(t *testing.T) { //nolint:paralleltest // sets the environment
	cli := acctest.Overrides(t)
	w := acctest.New(t)
	p := &people{t: t, w: w}
	for _, name := range oddNames {
		p.row("sys_user_group", object{"name": "odd " + name, "description": name})
	}
	first := p.id("sys_user_group", object{"name": "odd circle 1"})
	second := p.id("sys_user_group", object{"name": "odd circle 2", "parent": first})
	third := p.id("sys_user_group", object{"name": "odd circle 3", "parent": second})
	p.call(http.MethodPatch, w.ServiceNowURL()+"/api/now/table/sys_user_group/"+first, w.ServiceNow.AdminUser(),
		w.ServiceNow.AdminPassword(), object{"parent": third})
	self := p.id("sys_user_group", object{"name": "odd self"})
	p.call(http.MethodPatch, w.ServiceNowURL()+"/api/now/table/sys_user_group/"+self, w.ServiceNow.AdminUser(),
		w.ServiceNow.AdminPassword(), object{"parent": self})
	gone := p.id("sys_user", object{"user_name": "left.us", "active": "false"})
	p.row("api_key", object{"name": "Old key", "user": gone, "expires": "2099-01-01 00:00:00"})

	// An integration whose name makes a file that Terraform would lay over the others.
	endpoint := p.id("oauth_jwt", object{
		"name": "Network override", "user_field": "email", "inbound_grant_type": "jwt", "client_secret": secretText,
	})
	for slot := range 2 {
		name := fmt.Sprintf("Network %d", slot)
		_, certificate := acctest.KeyPair(t, name)
		pem := p.id("sys_certificate", object{
			"name": name, "pem_certificate": certificate, "type": "trust_store_cert", "format": "pem", "active": "true",
		})
		p.row("jwt_verifier_map", object{
			"name": name, "oauth_jwt": endpoint, "sys_certificate": pem, "shared_key": secretText,
		})
	}
	// Ids that are words which others hold for something else: the endpoint's user_field, and a space.
	p.kibana("", "/api/spaces/space", object{"id": secondSpace, "name": "Security"})
	for _, c := range []kibana.Connector{
		{ID: "email", Name: "Mail", TypeID: ".index", Config: object{"index": "a"}},
		{ID: secondSpace, Name: "Mail", TypeID: ".index", Config: object{"index": "a"}, Space: secondSpace},
		{Name: "Mail", TypeID: ".server-log", Space: secondSpace},
	} {
		byHand{t, w}.connector(c, nil)
		p.made++
	}
	w.Forget()

	dir, said, err := adopt(t, w, "-with", "group=nameSTARTSWITHodd ")
	if err != nil {
		t.Fatal(err)
	}
	pureImports(t, w, cli, dir, p.made)
	text := all(t, dir)
	if strings.Contains(text+said, secretText) {
		t.Error("a secret was written")
	}
	for _, wrong := range []string{"servicenow_kibana_connector.mail_index.id", "override.tf"} {
		if strings.Contains(text, wrong) {
			t.Errorf("%q was written:\n%s", wrong, text)
		}
	}
	for want, times := range map[string]int{
		`parent_id += servicenow_group\.odd_circle_\d\.id`:                                        2,
		`parent_id += "[0-9a-f]{32}" # servicenow_group\.odd_circle_\d, which refers to this one`: 1,
		`user_field += "email"`: 1,
		`active += false`:       1,
		`resource "servicenow_group" "odd_zurich_ops(_2)*" {`:                      3,
		`resource "servicenow_kibana_connector" "mail_(index|server_log)(_\d)?" {`: 3,
		`(?m)^# (?:network|rest_api_key|kibana_connector|shared|provider)\S*\.tf$`: 5,
	} {
		if got := len(regexp.MustCompile(want).FindAllString(text, -1)); got != times {
			t.Errorf("%d of %s, not %d:\n%s", got, want, times, text)
		}
	}
}

// TestNothingThere says so where a Kibana has no connector.
func TestNothingThere(t *testing.T) {
	w := acctest.New(t)
	for name, value := range environment(w) {
		t.Setenv(name, value)
	}
	t.Setenv("SERVICENOW_INSTANCE_URL", "")
	dir := filepath.Join(t.TempDir(), "adopted")
	err := run(t.Context(), []string{"-out", dir}, &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "nothing was found that could be adopted") {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a directory was made")
	}
}

// TestSecretsThatKibanaShows are not copied: headers and addresses stand in a connector's config in clear.
func TestSecretsThatKibanaShows(t *testing.T) { //nolint:paralleltest // sets the environment
	cli := acctest.Overrides(t)
	w := acctest.New(t)
	p := &people{t: t, w: w}
	p.connector("", "Hook", ".webhook", object{
		"url": "https://hook.example.com/?team=a&token=" + secretText, "method": "post", "hasAuth": false,
		"headers": object{
			"Authorization": "Bearer " + secretText, "X-Functions-Key": secretText, "X-Mine": "basic " + secretText,
			"X-Team": "a<b",
		},
	}, object{})
	p.connector("", "Plain", ".webhook", object{
		"url": "https://hook.example.com/?team=a", "method": "post", "hasAuth": false,
		"headers": object{"Content-Type": "application/json", "X-Projects": "key"},
	}, object{})
	p.row("cmn_location", object{"name": "Site"})
	w.Forget()
	dir, said, err := adopt(t, w, "-record", "cmn_location=name=Site")
	if err != nil {
		t.Fatal(err)
	}
	text := all(t, dir)
	if strings.Contains(text+said, secretText) {
		t.Errorf("a secret was written:\n%s", text)
	}
	for want, times := range map[string]int{
		`# "url" = var\.kibana_connector_hook_webhook_url\n`:                     1,
		`# "Authorization" = var\.kibana_connector_hook_webhook_authorization\n`: 1,
		`# "X-(Mine|Functions-Key)" = var\.kibana_connector_hook_webhook_x_`:     2,
		`"X-Team" += "a<b"`: 1,
		`# variable "kibana_connector_hook_webhook_(url|authorization|x_mine|x_functions_key)" {\n#   type      = string\n` +
			`#   sensitive = true\n# }`: 4,
		`ignore_changes = \[config\]`: 1,
	} {
		if got := len(regexp.MustCompile(want).FindAllString(text, -1)); got != times {
			t.Errorf("%d of %s, not %d:\n%s", got, want, times, text)
		}
	}
	pureImports(t, w, cli, dir, p.made)
}

// TestDefaultsAreNotWritten holds that the configuration says only what is not the default.
func TestDefaultsAreNotWritten(t *testing.T) { //nolint:paralleltest // sets the environment
	w := world(t)
	dir, _, err := adopt(t, w)
	if err != nil {
		t.Fatal(err)
	}
	text := all(t, dir)
	for _, usual := range []string{
		`resource "servicenow_(?:user|certificate|cors_rule)" [^}]* active += true`, `http_methods += \["GET"\]`,
		`max_age += 0`, `allow_credentials`,
	} {
		if found := regexp.MustCompile(usual).FindString(text); found != "" {
			t.Errorf("%s was written", found)
		}
	}
}

func TestSecretNames(t *testing.T) {
	t.Parallel()
	shown := map[string]any{ //nolint:gosec // G101: names and values that look like secrets are what is tested
		"projectKey": "a", "jwtKeyId": "a", "createIncidentResponseKey": "a", "accessTokenUrl": "https://a.example.com",
		"hasAuth": true, "apiUrl": "https://user@a.example.com", "maxTokens": "3", "token": "", "value": "a",
		"tokens": []any{1}, "url": "https://a.example.com/?key=", "password": nil,
	}
	hidden := map[string]any{ //nolint:gosec // G101: as above
		"apiToken": "a", "clientSecret": "a", "user_password": "a", "X-Api-Key": "a", "APIKEY": "a", "secret2": "a",
		"url": "https://user:a@a.example.com", "configUrl": "https://a.example.com/?apiKey=a", "x": "Bearer a",
		"cookies": []any{"Basic a"}, "authorization": []any{"a"},
	}
	for key := range shown {
		if secretIn(shown, "", key) {
			t.Errorf("%s is no secret", key)
		}
	}
	for key := range hidden {
		if !secretIn(hidden, "", key) {
			t.Errorf("%s is a secret", key)
		}
	}
	for key, want := range map[string]bool{
		"X-Auth": true, "Ocp-Apim-Subscription-Key": true, "X-Key": true, "Accept": false,
	} {
		if secretIn(map[string]any{key: "a"}, "headers", key) != want {
			t.Errorf("the header %s", key)
		}
	}
	if pair := (map[string]any{"key": "Authorization", "value": "a"}); !secretIn(pair, "headers", "value") ||
		secretIn(pair, "headers", "key") {
		t.Error("a pair")
	}
}

// FuzzTexts holds that Terraform reads every text as it was.
func FuzzTexts(f *testing.F) {
	for _, name := range oddNames {
		f.Add(name)
	}
	f.Add("a\r\nb\x00\x7f\u2028")
	f.Add("ends\n")
	f.Add("EOT\nEOT_\n\n")
	f.Add("\\${a}\n$")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("JSON holds no text that is not valid UTF-8")
		}
		written := []string{quoted(text)}
		if strings.Contains(text, "\n") && !strings.ContainsFunc(text, unprintable) {
			written = append(written, strings.TrimSuffix(strings.TrimPrefix(heredoc(text), "chomp("), "  )"))
		}
		for i, expression := range written {
			config := "a = " + expression + "\n"
			file, diags := hclsyntax.ParseConfig([]byte(config), "a.tf", hcl.InitialPos)
			if diags.HasErrors() {
				t.Fatalf("%q: %v", config, diags)
			}
			attributes, _ := file.Body.JustAttributes()
			value, diags := attributes["a"].Expr.Value(nil)
			if diags.HasErrors() {
				t.Fatalf("%q: %v", config, diags)
			}
			got := value.AsString()
			if i == 1 {
				got, text = strings.TrimSuffix(got, "\n"), strings.TrimSuffix(text, "\n")
			}
			if got != norm.NFC.String(text) {
				t.Errorf("%q reads as %q", config, got)
			}
		}
		if label := slug(text); !hclsyntax.ValidIdentifier(label) || slices.Contains([]rune(label), '-') {
			t.Errorf("a label %q", label)
		}
	})
}
