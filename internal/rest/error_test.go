package rest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

func TestErrorEnvelopes(t *testing.T) {
	t.Parallel()
	const jsonType, htmlType = "application/json;charset=UTF-8", "text/html; charset=utf-8"
	tests := map[string]struct {
		kind        Kind
		status      int
		contentType string
		body        string
		want        string
		notFound    bool
		hibernating bool
	}{
		"ServiceNow": {
			status:      403,
			contentType: jsonType,
			body: `{"error":{"message":"Operation Failed",` +
				`"detail":"ACL Exception Insert Failed due to security constraints"},"status":"failure"}`,
			want: "GET /x: 403 Forbidden: Operation Failed: " +
				"ACL Exception Insert Failed due to security constraints (request id 4f2c)",
		},
		"ServiceNow without a detail": {
			status: 400, contentType: jsonType,
			body: `{"error":{"message":"Invalid table u_none","detail":null},"status":"failure"}`,
			want: "GET /x: 400 Bad Request: Invalid table u_none (request id 4f2c)",
		},
		"ServiceNow, not found": {
			status:      404,
			contentType: jsonType,
			notFound:    true,
			body: `{"error":{"message":"No Record found",` +
				`"detail":"Record doesn't exist or ACL restricts the record retrieval"},"status":"failure"}`,
			want: "GET /x: 404 Not Found: No Record found: " +
				"Record doesn't exist or ACL restricts the record retrieval (request id 4f2c)",
		},
		"ServiceNow scripted": {
			status: 400, contentType: jsonType, body: `{"error":"missing field"}`,
			want: "GET /x: 400 Bad Request: missing field (request id 4f2c)",
		},
		"ServiceNow, mislabeled": {
			status: 404, contentType: htmlType, notFound: true, body: `{"error":{"message":"gone"}}`,
			want: "GET /x: 404 Not Found: gone (request id 4f2c)",
		},
		"OAuth": {
			status: 401, contentType: jsonType, body: `{"error_description":"access_denied","error":"server_error"}`,
			want: "GET /x: 401 Unauthorized: access_denied: server_error (request id 4f2c)",
		},
		"Kibana": {
			kind: KindKibana, status: 404, contentType: jsonType, notFound: true,
			body: `{"statusCode":404,"error":"Not Found","message":"Saved object [action/1] not found"}`,
			want: "GET /x: 404 Not Found: Saved object [action/1] not found (request id 4f2c)",
		},
		"Elasticsearch through Kibana": {
			kind:        KindKibana,
			status:      401,
			contentType: jsonType,
			body: `{"error":{"type":"security_exception",` +
				`"reason":"unable to authenticate user [elastic]"},"status":401}`,
			want: "GET /x: 401 Unauthorized: unable to authenticate user [elastic] (request id 4f2c)",
		},
		"JSON that is no envelope": {
			status: 404, contentType: jsonType, body: `{"hello": ["world"]}`,
			want: `GET /x: 404 Not Found: {"hello": ["world"]} (request id 4f2c)`,
		},
		"empty": {status: 404, want: "GET /x: 404 Not Found (request id 4f2c)"},
		"a proxy's page": {
			status: 404, contentType: htmlType,
			body: "<html><head><title>404 Not&nbsp;Found</title></head><body>nginx</body></html>",
			want: "GET /x: 404 Not Found: 404 Not Found (request id 4f2c)",
		},
		"a page without a title": {
			status: 403, contentType: htmlType, body: "<!-- x --><style>p{}</style><p>Blocked &amp; <b>logged</b></p>",
			want: "GET /x: 403 Forbidden: Blocked & logged (request id 4f2c)",
		},
		"terminal escapes and forged lines": {
			status: 400, contentType: "text/plain", body: "bad\x1b[31m\r\n2026 ERROR\u202e forged\x00",
			want: "GET /x: 400 Bad Request (request id 4f2c)",
		},
		"terminal escapes": {
			status: 400, contentType: "text/plain", body: "bad\x1b[31m\r\n2026 ERROR\u202e forged\xff",
			want: "GET /x: 400 Bad Request: bad[31m 2026 ERROR forged (request id 4f2c)",
		},
		"long text": {
			status: 400, contentType: "text/plain", body: strings.Repeat("ä", 1000),
			want: "GET /x: 400 Bad Request: " + strings.Repeat("ä", 200) + "… (request id 4f2c)",
		},
		"hibernating": {
			status: 200, contentType: htmlType, hibernating: true,
			body: "<html><head><title>Instance Hibernating page</title></head><body>…</body></html>",
			want: "GET /x: 200 OK: the instance is hibernating: wake it up (a developer instance: sign in at " +
				`https://developer.servicenow.com and open it), wait until its login page shows, and run again ` +
				`(page: "Instance Hibernating page") (request id 4f2c)`,
		},
		"sign-in page": {
			kind:        KindKibana,
			status:      200,
			contentType: htmlType,
			body:        "<html><title>Elastic</title><form action='/login'></form></html>",
			want: "GET /x: 200 OK: the server answered with a sign-in page instead of JSON: " +
				`check that the URL is the server's own, not that of a portal or a single sign-on before it ` +
				`(page: "Elastic") (request id 4f2c)`,
		},
		"page without a type": {
			status: 200,
			body:   "<!DOCTYPE html><p>hello</p>",
			want: "GET /x: 200 OK: the server answered with an HTML page instead of JSON: " +
				`check that the URL is the server's own (page: "hello") (request id 4f2c)`,
		},
		"maintenance page": {
			status:      500,
			contentType: htmlType,
			body:        "<title>Maintenance</title>",
			want: "GET /x: 500 Internal Server Error: the server answered with a maintenance page instead of JSON: " +
				`wait until it is back, and run again (page: "Maintenance") (request id 4f2c)`,
		},
		"a list that ServiceNow did not finish": {
			status:      200,
			contentType: jsonType,
			body: `{"result":[{"sys_id":"1"}],"error":{"message":"Transaction cancelled: maximum ` +
				`execution time exceeded","detail":"Check logs"},"status":"failure"}`,
			want: "GET /x: 200 OK: Transaction cancelled: maximum execution time exceeded: " +
				"Check logs (request id 4f2c)",
		},
		"other JSON than expected": {
			status: 200, contentType: jsonType, body: `{"result": 5}`,
			want: "GET /x: 200 OK: the answer is not the JSON that was expected: " +
				"json: cannot unmarshal number into Go struct field .result of type string (request id 4f2c)",
		},
		"a record that tells of a failure": {
			status:      200,
			contentType: jsonType,
			body:        `{"result":"\"status\":\"failure\"","status":"failure","error":null}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = nil
				if test.contentType != "" {
					w.Header().Set("Content-Type", test.contentType)
				}
				w.Header().Set("X-Transaction-ID", "4f2c")
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			})
			config := basicConfig(base)
			if test.kind != 0 {
				config.Kind = test.kind
			}
			config.HTTP.MaxRetries = 0
			e, _ := connect(t, config)
			var out struct {
				Result string `json:"result"`
			}
			_, err := e.Do(t.Context(), Request{Method: "GET", Path: "/x"}, &out)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || err.Error() != test.want {
				t.Fatalf("\n got %v\nwant %v", err, test.want)
			}
			if errors.Is(err, record.ErrNotFound) != test.notFound {
				t.Errorf("IsNotFound = %v", !test.notFound)
			}
			if errors.Is(err, ErrHibernating) != test.hibernating {
				t.Errorf("ErrHibernating = %v", !test.hibernating)
			}
			if e := asError(t, err); e.Status != test.status || e.RequestID != "4f2c" {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A page in place of the answer to a DELETE must not pass for a deletion, although nobody wants the body.
func TestDiscardedAnswersAreStillChecked(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<title>Instance Hibernating page</title>"))
	})
	e, _ := connect(t, basicConfig(base))
	_, err := e.Do(t.Context(), Request{Method: "DELETE", Path: "/x", Write: true}, nil)
	if !errors.Is(err, ErrHibernating) {
		t.Errorf("error %v", err)
	}
}

// TestAnswersThatHoldNothing holds that only a well-formed answer with something in it counts where one is expected:
// of a GET the rest is an error, of a POST it leaves unknown what was made.
func TestAnswersThatHoldNothing(t *testing.T) {
	t.Parallel()
	for body, kinds := range map[string]struct{ ServiceNow, Kibana bool }{
		``: {}, ` `: {}, `{}`: {}, `null`: {}, `""`: {}, `{"result":{"sys_i`: {}, `{"result":[]} x`: {}, `{"a":1}{"a":1}`: {},
		`{"result":null}`: {Kibana: true}, `{"result":{}}`: {Kibana: true}, `{"result":""}`: {Kibana: true},
		`{"result":[]}`: {true, true}, `[]`: {true, true}, `{"result":{"sys_id":"1"}}` + "\n": {true, true},
		`{"id":"1"}`: {true, true},
	} {
		for kind, good := range map[Kind]bool{KindServiceNow: kinds.ServiceNow, KindKibana: kinds.Kibana} {
			for _, method := range []string{"GET", "POST"} {
				t.Run(fmt.Sprintf("%s to %s, kind %d", body, method, kind), func(t *testing.T) {
					t.Parallel()
					base := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, http.StatusCreated, body) })
					config := basicConfig(base)
					config.Kind = kind
					e, _ := connect(t, config)
					for _, out := range []any{nil, new(any)} {
						_, err := e.Do(t.Context(), Request{
							Method: method, Path: "/x", Write: method == "POST", Answered: true,
						}, out)
						if (err == nil) != good || errors.Is(err, record.ErrOutcomeUnknown) != (!good && method == "POST") {
							t.Errorf("error %v", err)
						}
					}
				})
			}
		}
	}
}

func FuzzErrorEnvelope(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"message":"a","detail":null},"status":"failure"}`, `{"error":"x"}`, `{"error":[]}`, `{"message":{}}`,
		`{"error":"e","error_description":"d"}`,
		`{"statusCode":404,"error":"Not Found","message":"m"}`, `null`, `[]`, `"x"`,
		`<html><title>t</title>`, "<html><title>", "\xff\xfe<p", "", "canary-password", `{"error":"canary-password"}`,
	} {
		f.Add([]byte(seed), 404, "text/html")
		f.Add([]byte(seed), 200, "application/json")
	}
	redact := func(s string) string { return strings.ReplaceAll(s, "canary-password", Redacted) }
	f.Fuzz(func(t *testing.T, body []byte, status int, contentType string) {
		a := &answer{status: status, header: http.Header{"Content-Type": {contentType}}, body: body}
		for _, err := range []*Error{
			statusError("GET", "/x", a, redact), htmlError("GET", "/x", a, redact),
			failureIn200("GET", "/x", a, redact),
		} {
			if err == nil {
				continue
			}
			text := err.Error()
			if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%q is not fit for a terminal", text)
			}
			if strings.Contains(text, "canary-password") {
				t.Errorf("%q holds a credential", text)
			}
			if n := utf8.RuneCountInString(text); n > 2*MaxMessage+500 {
				t.Errorf("an error of %d runes", n)
			}
		}
	})
}

// TestExcerpt shortens only what is longer than it may be, and keeps runes whole.
func TestExcerpt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"12345", "12345"},
		{"123456", "12345…"},
		{"€€€€€", "€€€€€"},
		{"€€€€€€", "€€€€€…"},
		{" a \n\t b\x00 ", "a b"},
		{"a\u202eb", "ab"},
		{"a b. ", "a b"},
		{"a...", "a..."},
	} {
		if got := Excerpt(test.text, 5); got != test.want {
			t.Errorf("%q is cut to %q, not %q", test.text, got, test.want)
		}
	}
}
