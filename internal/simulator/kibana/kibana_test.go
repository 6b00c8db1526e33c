package kibana_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

type object = map[string]any

// kibanaUnderTest is a server and a way to ask it.
type kibanaUnderTest struct {
	*kibana.Server
	t   *testing.T
	url string
}

func start(t *testing.T, options kibana.Options) *kibanaUnderTest {
	t.Helper()
	server, err := kibana.New(options)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return &kibanaUnderTest{Server: server, t: t, url: listener.URL}
}

type answer struct {
	status int
	body   object
	list   []any
	raw    string
}

func (a answer) message() string {
	message, _ := a.body["message"].(string)
	return message
}

// do sends a request as the superuser; headers override or, when empty, remove the usual ones.
func (k *kibanaUnderTest) do(method, path string, body any, headers ...string) answer {
	k.t.Helper()
	var payload []byte
	switch b := body.(type) {
	case nil:
	case string:
		payload = []byte(b)
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			k.t.Fatalf("encoding: %v", err)
		}
		payload = encoded
	}
	ctx, cancel := context.WithTimeout(k.t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, k.url+path, bytes.NewReader(payload))
	if err != nil {
		k.t.Fatalf("request: %v", err)
	}
	request.SetBasicAuth("elastic", "changeme")
	request.Header.Set("kbn-xsrf", "true")
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			request.Header.Del(headers[i])
		} else {
			request.Header.Set(headers[i], headers[i+1])
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		k.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		k.t.Fatalf("reading: %v", err)
	}
	a := answer{status: response.StatusCode, raw: string(raw)}
	if json.Unmarshal(raw, &a.body) != nil {
		_ = json.Unmarshal(raw, &a.list)
	}
	return a
}

func (k *kibanaUnderTest) create(body object) string {
	k.t.Helper()
	a := k.do("POST", "/api/actions/connector", body)
	if a.status != http.StatusOK {
		k.t.Fatalf("create: %d %s", a.status, a.raw)
	}
	id, _ := a.body["id"].(string)
	return id
}

func basicITSM(url string) object {
	return object{
		"name": "A servicenow action", "connector_type_id": ".servicenow",
		"config":  object{"apiUrl": url, "usesTableApi": false},
		"secrets": object{"username": "changeme", "password": "elastic"},
	}
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// dig answers the member of nested objects at keys, or nil.
func dig(value any, keys ...string) any {
	for _, key := range keys {
		inner, _ := value.(object)
		value = inner[key]
	}
	return value
}
