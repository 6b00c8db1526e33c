package rest

import (
	"crypto/elliptic"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey/keytest"
)

func TestValidateConfig(t *testing.T) {
	t.Parallel()
	key, cert := keytest.RSAPair(t)
	p256, p384 := keytest.PKCS8(t, keytest.EC(t, elliptic.P256())), keytest.PKCS8(t, keytest.EC(t, elliptic.P384()))
	jwtBearer := func(change func(*JWTBearer)) func(*Config) {
		return func(c *Config) {
			auth := JWTBearer{
				ClientID: "id", ClientSecret: "secret", PrivateKey: key, KeyID: "kid", UserIdentifier: "user",
			}
			change(&auth)
			c.Auth = auth
		}
	}
	url := func(u string) func(*Config) { return func(c *Config) { c.BaseURL = u } }
	kibanaURL := func(u string) func(*Config) {
		return func(c *Config) { c.BaseURL, c.Kind, c.Auth = u, KindKibana, BearerToken{Token: "t"} }
	}
	header := func(names ...string) func(*Config) {
		return func(c *Config) {
			c.HTTP.Headers = map[string]string{}
			for _, name := range names {
				c.HTTP.Headers[name] = "DELETE"
			}
		}
	}
	tests := map[string]struct {
		change func(*Config)
		want   []string // fields at fault
		text   string   // in the first error
	}{
		"sound":               {url("https://dev1.service-now.com"), nil, ""},
		"trailing slash":      {url("https://dev1.service-now.com/"), nil, ""},
		"port":                {url("https://kibana.example.com:5601"), nil, ""},
		"loopback name":       {url("http://localhost:5601"), nil, ""},
		"loopback address":    {url("http://127.0.0.2"), nil, ""},
		"loopback IPv6":       {url("http://[::1]:5601/"), nil, ""},
		"below localhost":     {url("http://kibana.localhost:5601"), []string{"BaseURL"}, "allow_http"},
		"localhost of DNS":    {url("http://localhost.:5601"), []string{"BaseURL"}, "allow_http"},
		"Kibana below a path": {kibanaURL("https://example.com/tools/kibana/"), nil, ""},
		"Kibana, relative":    {kibanaURL("https://example.com/a/../b"), []string{"BaseURL"}, "relative element"},
		"Kibana, escaped":     {kibanaURL("https://example.com/a/%2e%2E/b"), []string{"BaseURL"}, "relative element"},
		"Kibana, two slashes": {kibanaURL("https://example.com//b"), []string{"BaseURL"}, "empty or relative element"},
		"Kibana, a space":     {kibanaURL("https://example.com/kibana/s/team-a"), []string{"BaseURL"}, `space_id = "team-a"`},
		"Kibana, a page":      {kibanaURL("https://example.com/app/home"), []string{"BaseURL"}, "a page of Kibana"},
		"Kibana, a query":     {kibanaURL("https://example.com/kibana?x"), []string{"BaseURL"}, "a query"},
		"no URL":              {url(""), []string{"BaseURL"}, "no URL"},
		"no scheme":           {url("dev1.service-now.com"), []string{"BaseURL"}, "needs a scheme"},
		"host and port alone": {url("localhost:5601"), []string{"BaseURL"}, "needs a scheme"},
		"other scheme":        {url("ftp://dev1.service-now.com"), []string{"BaseURL"}, "use https"},
		"no host":             {url("https://"), []string{"BaseURL"}, "names no host"},
		"port alone":          {url("https://:443"), []string{"BaseURL"}, "names no host"},
		"path": {
			url("https://dev1.service-now.com/api/now"),
			[]string{"BaseURL"},
			"a path (/api/now)",
		},
		"two slashes": {url("https://dev1.service-now.com//"), []string{"BaseURL"}, "a path"},
		"query":       {url("https://dev1.service-now.com/?x=canary"), []string{"BaseURL"}, "a query"},
		"empty query": {url("https://dev1.service-now.com?"), []string{"BaseURL"}, "a query"},
		"fragment":    {url("https://dev1.service-now.com/#x"), []string{"BaseURL"}, "a fragment"},
		"credentials": {
			url("https://admin:canary@dev1.service-now.com"),
			[]string{"BaseURL"},
			"authentication",
		},
		"credentials, unparsable": {
			url("https://admin:can%ary@dev1.service-now.com"),
			[]string{"BaseURL"},
			"not a URL",
		},
		"white space": {url("https://dev1.service-now.com\n"), []string{"BaseURL"}, "white space"},
		"http":        {url("http://dev1.service-now.com"), []string{"BaseURL"}, "allow_http"},
		"http to a false loopback": {
			url("http://localhost.example.com"), []string{"BaseURL"}, "allow_http",
		},
		"http, permitted": {func(c *Config) { c.BaseURL, c.AllowHTTP = "http://dev1.service-now.com", true }, nil, ""},
		"no kind":         {func(c *Config) { c.Kind = 0 }, []string{"Kind"}, ""},

		"no authentication": {func(c *Config) { c.Auth = nil }, []string{"Auth"}, "no authentication"},
		"basic, empty": {
			func(c *Config) { c.Auth = BasicAuth{} }, []string{"Auth.Username", "Auth.Password"}, "missing or empty",
		},
		"basic, colon": {
			func(c *Config) { c.Auth = BasicAuth{Username: "a:b", Password: "canary"} },
			[]string{"Auth.Username"},
			"colon",
		},
		"API key, line break": {
			func(c *Config) { c.Auth = APIKey{Key: "canary\n"} },
			[]string{"Auth.Key"},
			"line break",
		},
		"bearer, control": {
			func(c *Config) { c.Auth = BearerToken{Token: "can\x01ary"} },
			[]string{"Auth.Token"},
			"header",
		},
		"bearer, empty": {func(c *Config) { c.Auth = BearerToken{} }, []string{"Auth.Token"}, "missing or empty"},
		"client credentials": {
			func(c *Config) { c.Auth = ClientCredentials{} }, []string{"Auth.ClientID", "Auth.ClientSecret"}, "",
		},
		"password grant": {
			func(c *Config) { c.Auth = PasswordGrant{ClientID: "id", ClientSecret: "canary"} },
			[]string{"Auth.Username", "Auth.Password"},
			"",
		},
		"OAuth on Kibana": {
			func(c *Config) {
				c.Kind, c.Auth = KindKibana, ClientCredentials{ClientID: "id", ClientSecret: "canary"}
			}, []string{"Auth"}, "sign in to Kibana",
		},
		"JWT":               {jwtBearer(func(*JWTBearer) {}), nil, ""},
		"JWT public client": {jwtBearer(func(a *JWTBearer) { a.ClientSecret = "" }), nil, ""},
		"JWT without a kid": {jwtBearer(func(a *JWTBearer) { a.KeyID = "" }), nil, ""},
		"JWT PS512": {
			jwtBearer(func(a *JWTBearer) { a.SigningAlgorithm = "PS512" }), []string{"Auth.SigningAlgorithm"}, "not one of",
		},
		"JWT ES384": {
			jwtBearer(func(a *JWTBearer) { a.PrivateKey, a.SigningAlgorithm = p384, "ES384" }),
			nil,
			"",
		},
		"JWT, all missing": {
			func(c *Config) { c.Auth = JWTBearer{} },
			[]string{"Auth.ClientID", "Auth.UserIdentifier", "Auth.PrivateKey"},
			"",
		},
		"JWT unknown algorithm": {
			jwtBearer(
				func(a *JWTBearer) { a.SigningAlgorithm = "HS256" },
			),
			[]string{"Auth.SigningAlgorithm"},
			"one of RS256",
		},
		"JWT algorithm for another key": {
			jwtBearer(
				func(a *JWTBearer) { a.SigningAlgorithm = "ES256" },
			),
			[]string{"Auth.SigningAlgorithm"},
			"needs an EC key",
		},
		"JWT EC key with RS256": {
			jwtBearer(
				func(a *JWTBearer) { a.PrivateKey = p256 },
			),
			[]string{"Auth.SigningAlgorithm"},
			"needs an RSA key",
		},
		"JWT other curve": {
			jwtBearer(func(a *JWTBearer) { a.PrivateKey, a.SigningAlgorithm = p256, "ES384" }),
			[]string{"Auth.SigningAlgorithm"},
			"the curve P-384, and this one is on P-256",
		},
		"JWT bad key": {
			jwtBearer(func(a *JWTBearer) { a.PrivateKey = key[:200] }), []string{"Auth.PrivateKey"}, "truncated",
		},
		"JWT password unused": {
			jwtBearer(
				func(a *JWTBearer) { a.PrivateKeyPassword = "canary" },
			),
			[]string{"Auth.PrivateKeyPassword"},
			"not encrypted",
		},

		"proxy": {func(c *Config) { c.HTTP.ProxyURL = "http://user:canary@proxy:3128" }, nil, ""},
		"proxy without a scheme": {
			func(c *Config) { c.HTTP.ProxyURL = "proxy:3128" }, []string{"HTTP.ProxyURL"}, "needs the scheme",
		},
		"proxy unparsable": {
			func(c *Config) { c.HTTP.ProxyURL = "http://user:can%ary@proxy" }, []string{"HTTP.ProxyURL"}, "not a URL",
		},
		"method override":  {header("x-http-method-override"), []string{"HTTP.Headers"}, "set by the provider"},
		"another override": {header("X-HTTP-Method"), []string{"HTTP.Headers"}, "set by the provider"},
		"a third override": {header("X-Method-Override"), []string{"HTTP.Headers"}, "set by the provider"},
		"header twice":     {header("x-a", "X-A"), []string{"HTTP.Headers"}, "X-A is given twice"},
		"header":           {func(c *Config) { c.HTTP.Headers = map[string]string{"X-Gateway": "v"} }, nil, ""},
		"reserved header": {
			func(c *Config) { c.HTTP.Headers = map[string]string{"authorization": "canary"} },
			[]string{"HTTP.Headers"},
			"Authorization is set by the provider",
		},
		"header name": {
			func(c *Config) { c.HTTP.Headers = map[string]string{"a b": "canary"} },
			[]string{"HTTP.Headers"},
			"name",
		},
		"header value": {
			func(c *Config) { c.HTTP.Headers = map[string]string{"a": "canary\n"} },
			[]string{"HTTP.Headers"},
			"line break",
		},
		"user agent": {func(c *Config) { c.UserAgent = "a\nb" }, []string{"UserAgent"}, "line break"},

		"CA": {func(c *Config) { c.HTTP.CACertificate = cert + cert }, nil, ""},
		"CA, a key": {
			func(c *Config) { c.HTTP.CACertificate = key },
			[]string{"HTTP.CACertificate"},
			"private key",
		},
		"CA, no file": {
			func(c *Config) { c.HTTP.CACertificate = "/nowhere/ca.pem" },
			[]string{"HTTP.CACertificate"},
			"/nowhere/ca.pem",
		},
		"client pair": {func(c *Config) { c.HTTP.ClientCertificate, c.HTTP.ClientPrivateKey = cert, key }, nil, ""},
		"half a pair": {
			func(c *Config) { c.HTTP.ClientCertificate = cert },
			[]string{"HTTP.ClientPrivateKey"},
			"is missing",
		},
		"other half": {
			func(c *Config) { c.HTTP.ClientPrivateKey = key },
			[]string{"HTTP.ClientCertificate"},
			"is missing",
		},
		"foreign key": {
			func(c *Config) { c.HTTP.ClientCertificate, c.HTTP.ClientPrivateKey = cert, p256 },
			[]string{"HTTP.ClientPrivateKey"},
			"does not belong",
		},
		"both unusable": {
			func(c *Config) { c.HTTP.ClientCertificate, c.HTTP.ClientPrivateKey = "canary\n", "canary\n" },
			[]string{"HTTP.ClientCertificate", "HTTP.ClientPrivateKey"},
			"neither PEM",
		},

		"zero HTTP": {
			func(c *Config) { c.HTTP = HTTP{} },
			[]string{"HTTP.RequestTimeout", "HTTP.MaxConcurrentRequests"},
			"",
		},
		"most requests": {func(c *Config) { c.HTTP.RequestsPerSecond = 1e6 }, nil, ""},
		"too many requests": {
			func(c *Config) { c.HTTP.RequestsPerSecond = 1e6 + 1 }, []string{"HTTP.RequestsPerSecond"}, "",
		},
		"least numbers": {func(c *Config) { c.HTTP.MaxRetries, c.HTTP.MaxConcurrentRequests = 0, 1 }, nil, ""},
		"numbers": {func(c *Config) {
			c.HTTP.MaxRetries, c.HTTP.RequestsPerSecond = -1, math.NaN()
		}, []string{"HTTP.MaxRetries", "HTTP.RequestsPerSecond"}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := basicConfig("https://dev1.service-now.com")
			test.change(&config)
			errs := ValidateConfig(config)
			var fields []string
			for _, err := range errs {
				fields = append(fields, err.Field)
				if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "%ar") {
					t.Errorf("the error quotes what may be secret: %v", err)
				}
			}
			if diff := cmp.Diff(test.want, fields); diff != "" {
				t.Fatalf("fields (-want +got):\n%s\n%v", diff, errs)
			}
			if len(errs) > 0 && !strings.Contains(errs[0].Error(), test.text) {
				t.Errorf("error %v, want %q", errs[0], test.text)
			}
			e, err := NewEndpoint(config)
			if (err == nil) != (len(errs) == 0) {
				t.Errorf("ValidateConfig and newEndpoint disagree: %v", err)
			}
			if err == nil && strings.HasSuffix(e.URL, "/") {
				t.Errorf("url %q", e.URL)
			}
			var configErr *ConfigError
			if err != nil && !errors.As(err, &configErr) {
				t.Errorf("newEndpoint: %T", err)
			}
		})
	}
}

func TestPrintingAConfigShowsNoSecret(t *testing.T) {
	t.Parallel()
	const canary = "canary"
	const baseURL = "https://user:canary@host" //nolint:gosec // what must not be printed
	config := Config{
		BaseURL: baseURL, UserAgent: "agent",
		HTTP: HTTP{ClientPrivateKey: canary, ProxyURL: canary, Headers: map[string]string{"x": canary}},
	}
	printed := []any{config, &config, config.HTTP, Token{AccessToken: canary}}
	for _, auth := range []Auth{
		BasicAuth{Username: canary, Password: canary},
		APIKey{Key: canary},
		BearerToken{Token: canary},
		JWTBearer{ClientSecret: canary, PrivateKey: canary, PrivateKeyPassword: canary},
		ClientCredentials{ClientSecret: canary},
		PasswordGrant{ClientSecret: canary, Password: canary},
	} {
		config.Auth = auth
		printed = append(printed, auth, config, []Auth{auth})
	}
	for _, v := range printed {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, canary) {
				t.Errorf("%s of %T: %s", verb, v, text)
			}
		}
	}
	if !slices.Contains([]string{"…@host with a bearer token"}, fmt.Sprint(Config{
		BaseURL: baseURL, Auth: BearerToken{Token: canary},
	})) {
		t.Error("a Config does not name its server and its authentication")
	}
}
