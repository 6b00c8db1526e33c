package servicenowapi

import (
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// TestOtherInstancesInheritNoExceptions holds that what was permitted for one instance is not for another.
func TestOtherInstancesInheritNoExceptions(t *testing.T) {
	t.Parallel()
	http := rest.DefaultHTTP()
	http.InsecureSkipVerify, http.Headers = true, map[string]string{"X-Gateway": "canary-token"}
	s, err := New(rest.Config{
		BaseURL: "http://dev1.example.com", AllowHTTP: true, HTTP: http, Auth: rest.BearerToken{Token: "t"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, own := range []string{"", "http://dev1.example.com", "http://dev1.example.com/"} {
		if c := s.configAt(own); !c.AllowHTTP || !c.HTTP.InsecureSkipVerify || len(c.HTTP.Headers) != 1 {
			t.Errorf("%q lost its settings: %+v", own, c)
		}
	}
	other := s.configAt("http://dev2.example.com")
	if other.AllowHTTP || other.HTTP.InsecureSkipVerify || len(other.HTTP.Headers) > 0 {
		t.Error("another instance inherits exceptions")
	}
	_, err = s.FetchToken(t.Context(), "http://dev2.example.com", rest.ClientCredentials{ClientID: "i", ClientSecret: "s"})
	if err == nil {
		t.Error("a secret was sent to another host over http")
	}
}
