package servicenow_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// instance is a simulated instance and an HTTP client with its administrator's credentials.
type instance struct {
	*servicenow.Server
	t      *testing.T
	url    string
	login  func(*http.Request)
	header http.Header
}

func start(t *testing.T, opts servicenow.Options) *instance {
	t.Helper()
	server := servicenow.New(opts)
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	in := &instance{Server: server, t: t, url: listener.URL}
	return in.as(server.AdminUser(), server.AdminPassword())
}

// as returns the instance seen by another user.
func (in *instance) as(user, password string) *instance {
	other := *in
	other.login = func(r *http.Request) { r.SetBasicAuth(user, password) }
	return &other
}

// with returns the instance seen with one header instead of a login.
func (in *instance) with(name, value string) *instance {
	other := *in
	other.login = func(r *http.Request) { r.Header.Set(name, value) }
	return &other
}

type response struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

func (in *instance) do(method, path string, body any) response {
	in.t.Helper()
	var reader io.Reader
	contentType := "application/json"
	switch b := body.(type) {
	case nil:
	case url.Values:
		reader, contentType = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	case string:
		reader = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			in.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(in.t.Context(), method, in.url+path, reader)
	if err != nil {
		in.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	in.login(request)
	for name, values := range in.header {
		request.Header[name] = values
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		in.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		in.t.Fatal(err)
	}
	r := response{status: answer.StatusCode, header: answer.Header, text: string(text)}
	_ = json.Unmarshal(text, &r.body)
	return r
}

// must fails the test unless the answer has this status.
func (in *instance) must(status int, method, path string, body any) response {
	in.t.Helper()
	r := in.do(method, path, body)
	if r.status != status {
		in.t.Fatalf("%s %s: status %d, want %d: %s", method, path, r.status, status, r.text)
	}
	return r
}

func (r response) record() map[string]any {
	record, _ := r.body["result"].(map[string]any)
	return record
}

func (r response) list() []map[string]any {
	items, _ := r.body["result"].([]any)
	records := make([]map[string]any, 0, len(items))
	for _, item := range items {
		records = append(records, object(item))
	}
	return records
}

func (r response) errorText() (message, detail string) {
	inner, _ := r.body["error"].(map[string]any)
	message = text(inner["message"])
	detail = text(inner["detail"])
	return message, detail
}

// create posts a record and returns its sys_id.
func (in *instance) create(table string, values map[string]any) string {
	in.t.Helper()
	return text(in.must(http.StatusCreated, http.MethodPost, "/api/now/table/"+table, values).record()["sys_id"])
}

func (in *instance) insert(table string, values servicenow.Record) string {
	in.t.Helper()
	id, err := in.Insert(table, values)
	if err != nil {
		in.t.Fatal(err)
	}
	return id
}

// role returns the sys_id of a role by name.
func (in *instance) role(name string) string {
	in.t.Helper()
	found := in.Records("sys_user_role", "name="+name)
	if len(found) != 1 {
		in.t.Fatalf("%d roles named %s", len(found), name)
	}
	return found[0]["sys_id"]
}

// user makes a user with a password and roles, and returns its sys_id and the instance as seen by it.
func (in *instance) user(name string, roles ...string) (string, *instance) {
	in.t.Helper()
	id := in.insert("sys_user", servicenow.Record{
		"user_name": name, "user_password": "pw-" + name,
		"email": name + "@example.com",
	})
	for _, role := range roles {
		in.insert("sys_user_has_role", servicenow.Record{"user": id, "role": in.role(role)})
	}
	return id, in.as(name, "pw-"+name)
}

// scoped is the query that makes a request run in the application of a record.
func (in *instance) scoped(record servicenow.Record) string {
	return query("sysparm_transaction_scope", record["sys_scope"])
}

// text and object are what a JSON value holds, empty when it is of another kind.
func text(v any) string {
	s, _ := v.(string)
	return s
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func query(pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return "?" + values.Encode()
}
