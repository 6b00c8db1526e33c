package provider_test

import (
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

// TestErrorsQuoteNoSecret looks at what the terminal shows. Terraform prints all the lines of the attribute that an
// error is about, and these may hold a secret beside the fault.
func TestErrorsQuoteNoSecret(t *testing.T) {
	t.Parallel()
	ws := newWorkspace(t, acctest.New(t), "")
	key := acctest.Heredoc("-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----") + "\n"
	const here = "instance_url = \"http://127.0.0.1:1\"\n"
	jwt := "oauth_jwt = {\nclient_id = \"c\"\nclient_secret = \"canary\"\nuser_identifier = \"u\"\nprivate_key = " + key
	for name, test := range map[string]struct{ block, uses, want string }{
		"two methods":        {here + "bearer_token = \"canary\"\n" + jwt + "}", role, "Two authentication methods"},
		"two string methods": {here + "bearer_token = \"canary\"\napi_key = \"canary\"", role, "Two authentication methods"},
		"a broken key":       {here + jwt + "}", role, "private_key"},
		"an algorithm":       {here + jwt + "signing_algorithm = \"HS256\"\n}", role, "signing_algorithm"},
		"a URL": {
			"kibana = {\nurl = \"http://kibana.example.com\"\napi_key = \"canary\"\n}", connector, "allow_http",
		},
		"a time-out": {
			here + "bearer_token = \"canary\"\nhttp = {\nrequest_timeout = \"soon\"\nclient_private_key = " + key + "}", role,
			"not a duration",
		},
		"retries": {
			here + "bearer_token = \"canary\"\nhttp = {\nmax_retries = -1\nheaders = { X-Gate = \"canary\" }\n}", role,
			"max_retries",
		},
		"two grants": {
			here + "bearer_token = \"x\"", "ephemeral \"servicenow_oauth_token\" \"x\" {\njwt = {\nclient_id = \"c\"\n" +
				"user_identifier = \"u\"\nprivate_key = " + key + "}\nclient_credentials = { client_id = \"canary\" }\n}",
			"Set exactly one of jwt",
		},
		"half the credentials": {
			"kibana = {\nurl = \"http://127.0.0.1:1\"\napi_key = \"x\"\n}",
			strings.Replace(connector, `username_wo = "u", password_wo = "p"`, `password_wo = "canary"`, 1), "username_wo",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := ws.with(t, "provider \"servicenow\" {\n"+test.block+"\n}\n"+test.uses).run("plan")
			// Terraform breaks lines where it likes.
			out := strings.Join(strings.Fields(r.out), " ")
			if r.err == nil || !strings.Contains(out, test.want) {
				t.Errorf("no error about %q:\n%s", test.want, r.out)
			}
			if strings.Contains(out, "canary") {
				t.Errorf("a secret is shown:\n%s", r.out)
			}
		})
	}
}
