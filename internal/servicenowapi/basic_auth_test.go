package servicenowapi

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// hostileInside is a client of an instance that answers everything with one status.
func hostileInside(t *testing.T, status int) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, status) }))
	t.Cleanup(server.Close)
	options := rest.DefaultHTTP()
	options.MaxRetries = 0
	client, err := New(rest.Config{
		BaseURL: server.URL, Auth: rest.BasicAuth{Username: "u", Password: "pass"}, HTTP: options,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestBasicAuthRestriction reads whether, from when and for whom an instance refuses basic authentication.
func TestBasicAuthRestriction(t *testing.T) {
	t.Parallel()
	const active, enforce = basicAuthRestriction + "active", basicAuthRestriction + "enforce"
	const decision, date = basicAuthRestriction + "default_decision", basicAuthRestriction + "enforcement_date"
	past, future := time.Now().UTC().Add(-time.Hour), time.Now().UTC().Add(time.Hour)
	for name, test := range map[string]struct {
		properties      map[string]string
		enforced, begun bool
	}{
		"none":          {nil, false, false},
		"active only":   {map[string]string{active: "true"}, false, false},
		"enforced only": {map[string]string{enforce: "true"}, false, false},
		"both":          {map[string]string{active: "true", enforce: "true"}, true, true},
		"denies":        {map[string]string{active: "true", enforce: "true", decision: "deny"}, true, true},
		"allows":        {map[string]string{active: "true", enforce: "true", decision: "allow"}, false, false},
		"since": {
			map[string]string{active: "true", enforce: "true", date: past.Format(record.TimeLayout)}, true, true,
		},
		"not yet": {
			map[string]string{active: "true", enforce: "true", date: future.Format(record.TimeLayout)}, true, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, sn := newInstance(t)
			for property, value := range test.properties {
				s.add("sys_properties", map[string]string{"name": property, "value": value})
			}
			r := sn.BasicAuthRestriction(t.Context())
			if r.Enforced != test.enforced || r.Begun(sn) != test.begun || r.From != test.properties[date] {
				t.Errorf("read %+v, begun %v", r, r.Begun(sn))
			}
		})
	}
	if r := hostileInside(t, http.StatusForbidden).BasicAuthRestriction(t.Context()); r.Enforced {
		t.Errorf("an account that sees no properties sees %+v", r)
	}
}

// TestRefusesBasicAuth tells whom the restriction hits: people without one of the roles, where that can be seen.
func TestRefusesBasicAuth(t *testing.T) {
	t.Parallel()
	person := map[string]string{"sys_id": rowID(1), "user_name": "u", "web_service_access_only": "false"}
	account := maps.Clone(person)
	account["web_service_access_only"] = "true"
	unseen := maps.Clone(person)
	delete(unseen, "web_service_access_only")
	holds := func(role string) map[string]string { return map[string]string{"user": rowID(1), "role.name": role} }
	for name, test := range map[string]struct {
		user           map[string]string
		role           map[string]string
		refused, known bool
	}{
		"a person":                {person, nil, true, true},
		"with another role":       {person, holds("itil"), true, true},
		"with a MID server's":     {person, holds("mid_server"), false, true},
		"with an allowed role":    {person, holds("second"), false, true},
		"a service account":       {account, nil, false, true},
		"a kind that is not seen": {unseen, nil, false, false},
		"nobody":                  {nil, nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, sn := newInstance(t)
			for property, value := range map[string]string{
				basicAuthRestriction + "active": "true", basicAuthRestriction + "enforce": "true",
				basicAuthAllowedRoles: "first, second",
			} {
				s.add("sys_properties", map[string]string{"name": property, "value": value})
			}
			if test.user != nil {
				s.add("sys_user", maps.Clone(test.user))
			}
			if test.role != nil {
				s.add("sys_user_has_role", test.role)
			}
			refused, known := sn.RefusesBasicAuth(t.Context(), sn.BasicAuthRestriction(t.Context()), "u")
			if refused != test.refused || known != test.known {
				t.Errorf("refused %v, known %v", refused, known)
			}
		})
	}
	_, sn := newInstance(t)
	if refused, known := sn.RefusesBasicAuth(t.Context(), BasicAuthRestriction{}, "u"); refused || !known {
		t.Errorf("without a restriction: refused %v, known %v", refused, known)
	}
}
