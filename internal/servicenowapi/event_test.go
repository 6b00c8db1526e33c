package servicenowapi

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// TestSendEvent posts once, to the connector's instance, with the sender's own credentials or the provider's.
func TestSendEvent(t *testing.T) {
	t.Parallel()
	type request struct{ user, method, target, body string }
	var got []request
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		if key := r.Header.Get("x-sn-apikey"); key != "" {
			user = key
		}
		body, _ := io.ReadAll(r.Body)
		got = append(got, request{user, r.Method, r.URL.String(), string(body)})
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"result": "taken"})
	}))
	t.Cleanup(server.Close)
	client, err := New(rest.Config{
		BaseURL: server.URL, Auth: rest.BasicAuth{Username: "own", Password: "password"}, HTTP: rest.DefaultHTTP(),
	})
	if err != nil {
		t.Fatal(err)
	}
	const path = "/api/sn_em_connector/em/inbound_event?source=elastic"
	payload := map[string]string{"node": "n"}
	for _, test := range []struct {
		auth  rest.Auth
		event Event
		want  request
	}{
		{nil, Event{Source: "elastic", Payload: payload}, request{"own", "POST", path, `{"node":"n"}`}},
		{
			rest.APIKey{Key: "key"},
			Event{Source: "elastic", InstanceID: "i", Payload: payload},
			request{"key", "POST", path + "&sys_id=i", `{"node":"n"}`},
		},
	} {
		got = nil
		said, err := client.SendEvent(t.Context(), test.auth, test.event)
		if err != nil || said != "taken" || len(got) != 1 || got[0] != test.want {
			t.Errorf("sent %+v, heard %q: %v", got, said, err)
		}
	}
	if _, err := client.SendEvent(t.Context(), rest.APIKey{}, Event{}); err == nil {
		t.Error("an event without a key was sent")
	}
	got, status = nil, http.StatusBadGateway
	if _, err := client.SendEvent(t.Context(), nil, Event{Source: "elastic"}); !errors.Is(err, record.ErrOutcomeUnknown) ||
		len(got) != 1 {
		t.Errorf("a lost answer: sent %d times: %v", len(got), err)
	}
}
