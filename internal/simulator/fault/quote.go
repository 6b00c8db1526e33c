package fault

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Encoding is how an answer quotes the request. Each header, the user:password of Basic credentials, the body, and each
// text in a JSON or form body is quoted by itself, in every variant of the encoding.
type Encoding string

// The encodings of quoted requests.
const (
	Raw         Encoding = "raw"
	JSONEscaped Encoding = "json"   // with <, > and & escaped, without, and with / escaped
	HTMLEscaped Encoding = "html"   // with quotes as numbers, and by name
	URLEncoded  Encoding = "url"    // with a space as +, and as %20
	Base64      Encoding = "base64" // the standard alphabet, and the URL one without padding
	Hex         Encoding = "hex"    // lowercase and uppercase
)

// Encodings returns all encodings.
func Encodings() []Encoding {
	return []Encoding{Raw, JSONEscaped, HTMLEscaped, URLEncoded, Base64, Hex}
}

// quote is the request as text, one part a line, each in all variants of the encoding.
func quote(e Encoding, r *http.Request, body []byte) string {
	var text strings.Builder
	write := func(name, value string) {
		for _, variant := range e.variants(value) {
			fmt.Fprintf(&text, "%s: %s\n", name, variant)
		}
	}
	fmt.Fprintf(&text, "%s %s\n", r.Method, r.URL.Path)
	write("query", r.URL.RawQuery)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			write(name, value)
			if _, credential, found := strings.Cut(value, " "); found && name == "Authorization" {
				write("credential", credential)
			}
		}
	}
	if user, password, ok := r.BasicAuth(); ok {
		write("user and password", user+":"+password)
		write("password", password)
	}
	write("body", string(body))
	for _, value := range textsOf(r, body) {
		write("value", value)
	}
	return text.String()
}

// textsOf returns the texts within a body, as decoded.
func textsOf(r *http.Request, body []byte) []string {
	var texts []string
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil
		}
		for _, name := range slices.Sorted(maps.Keys(form)) {
			texts = append(texts, form[name]...)
		}
		return texts
	}
	document, err := decodeJSON(body)
	if err != nil {
		return nil
	}
	var collect func(any)
	collect = func(value any) {
		switch value := value.(type) {
		case string:
			texts = append(texts, value)
		case []any:
			for _, inner := range value {
				collect(inner)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(value)) {
				collect(value[name])
			}
		}
	}
	collect(document)
	return texts
}

func (e Encoding) variants(value string) []string {
	switch e {
	case JSONEscaped:
		escaped, err := json.Marshal(value)
		plain, err2 := encodeJSON(value)
		if err != nil || err2 != nil {
			return nil // a text can always be encoded
		}
		return []string{string(escaped), string(plain), strings.ReplaceAll(string(plain), "/", `\/`)}
	case HTMLEscaped:
		numbers := html.EscapeString(value)
		return []string{numbers, strings.NewReplacer("&#34;", "&quot;", "&#39;", "&apos;").Replace(numbers)}
	case URLEncoded:
		return []string{url.QueryEscape(value), url.PathEscape(value)}
	case Base64:
		return []string{
			base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
		}
	case Hex:
		lower := hex.EncodeToString([]byte(value))
		return []string{lower, strings.ToUpper(lower)}
	default:
		return []string{value}
	}
}
