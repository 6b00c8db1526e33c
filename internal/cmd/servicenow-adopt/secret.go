package main

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// secretNames end the names of what holds a secret, whatever the spelling: apiToken, X-Api-Key, u_password.
var secretNames = []string{
	"authorization", "cookie", "credential", "credentials", "passphrase", "passwd", "password", "secret", "token",
	"accesskey", "apikey", "functionskey", "privatekey", "secretkey", "sharedkey", "subscriptionkey",
}

// secretHeaders end the names of headers that hold one. Elsewhere a key is a name, such as Jira's projectKey.
var secretHeaders = append([]string{"auth", "key", "signature"}, secretNames...)

// secretName tells by the name whether a value is a secret.
func secretName(name string, endings []string) bool {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	return slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(plain, ending) })
}

// credential is how the value of an Authorization header begins, whatever the header is called.
var credential = regexp.MustCompile(`(?i)^(basic|bearer|apikey|token|digest|negotiate) +\S`)

// secretValue tells by the value itself: a credential of HTTP, or an address that carries one.
func secretValue(text string) bool {
	if credential.MatchString(text) {
		return true
	}
	address, err := url.Parse(text)
	if err != nil || address.Host == "" {
		return false
	}
	if _, password := address.User.Password(); password {
		return true
	}
	for name, values := range address.Query() {
		if secretName(name, secretHeaders) && strings.Join(values, "") != "" {
			return true
		}
	}
	return false
}

// secretIn tells whether what a JSON object has in a key is a secret. within is the key that the object stands in.
func secretIn(object map[string]any, within, key string) bool {
	endings := secretNames
	if strings.EqualFold(within, "headers") {
		endings = secretHeaders
	}
	name := key
	if _, pair := object["value"]; pair {
		for _, named := range []string{"key", "name"} {
			text, ok := object[named].(string)
			switch {
			case ok && key == named:
				return false
			case ok && key == "value":
				name = text
			}
		}
	}
	switch value := object[key].(type) {
	case string:
		return value != "" && (secretName(name, endings) || secretValue(value))
	case []any:
		return slices.ContainsFunc(value, func(item any) bool {
			text, ok := item.(string)
			return ok && text != "" && (secretName(name, endings) || secretValue(text))
		})
	}
	return false
}
