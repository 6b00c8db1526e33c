package provider_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strconv"
	"strings"
)

// leaks returns the form in which a text holds a secret; "" when it holds it in none.
func leaks(text, secret string) string {
	if text == "" {
		return ""
	}
	marshaled, _ := json.Marshal(secret)
	escaped := string(marshaled[1 : len(marshaled)-1])
	twice, _ := json.Marshal(escaped)
	quoted := strconv.Quote(secret)
	forms := []string{
		secret, escaped, string(twice[1 : len(twice)-1]), quoted[1 : len(quoted)-1], html.EscapeString(secret),
		url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)),
		strings.ToUpper(hex.EncodeToString([]byte(secret))),
		strings.ReplaceAll(secret, `"`, `\"`),
	}
	for _, raw := range []string{secret, escaped} {
		for pad := range 3 {
			encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", pad) + raw))
			core := strings.TrimRight(encoded[4:], "=") // without what the neighbors decide
			core = core[:len(core)-3]
			forms = append(forms, core, strings.NewReplacer("+", "-", "/", "_").Replace(core))
		}
	}
	for _, form := range forms {
		if strings.Contains(text, form) {
			return form
		}
	}
	return ""
}

// around is the neighborhood of a form in a text.
func around(text, form string) string {
	at := strings.Index(text, form)
	return text[max(0, at-300):min(len(text), at+len(form)+100)]
}
