package servicenow_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// formLogin logs in as ServiceNow's SDK does and returns the session's cookie, "" where it is refused.
func (in *instance) formLogin(name, password string) string {
	in.t.Helper()
	r := in.with("X-Nothing", "1").must(http.StatusOK, http.MethodPost, "/angular.do?sysparm_type=view_form.login",
		url.Values{
			"sysparm_type": {
				"login",
			}, "ni.nolog.user_password": {"true"}, "user_name": {name}, "user_password": {password},
		})
	cookie, _, _ := strings.Cut(r.header.Get("Set-Cookie"), ";")
	if (r.body["status"] == "success") != (cookie != "") {
		in.t.Errorf("login: %v %s", r.header, r.text)
	}
	return cookie
}

func TestSessionsNeedTheirToken(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	in := start(t, servicenow.Options{Release: servicenow.Australia, Clock: func() time.Time { return now }})
	id, _ := in.user("person", "itil") // whom Australia refuses basic authentication
	in.as("person", "pw-person").must(http.StatusUnauthorized, http.MethodGet, table+"incident", nil)
	cookie := in.formLogin("person", "pw-person")
	session := in.with("Cookie", cookie)
	session.must(http.StatusUnauthorized, http.MethodGet, table+"incident", nil)
	told := session.must(http.StatusUnauthorized, http.MethodPost, "/angular.do?sysparm_type=get_user", nil)
	token := told.header.Get("X-Usertoken-Response")
	session.header = http.Header{"X-Usertoken": {token}}
	made := session.must(http.StatusCreated, http.MethodPost, table+"incident", map[string]any{}).record()
	if made["sys_created_by"] != "person" {
		t.Errorf("made by %v", made["sys_created_by"])
	}
	who := session.must(http.StatusOK, http.MethodPost, "/angular.do?sysparm_type=get_user", nil)
	if who.body["userID"] != id {
		t.Errorf("user %s", who.text)
	}
	if slices.ContainsFunc(in.Requests(), func(r servicenow.Request) bool {
		return strings.Contains(strings.Join(r.Columns, " ")+r.Query, "pw-person")
	}) {
		t.Error("the request log shows a password")
	}
	// A policy says who may authenticate at an API, not what a session may ask.
	protect(in, nil, in.insert("std_http_auth", servicenow.Record{"name": "b", "type": "basic_auth"}))
	session.must(http.StatusOK, http.MethodGet, table+"incident", nil)

	if cookie := in.formLogin("person", "wrong"); cookie != "" {
		t.Error("a wrong password logs in")
	}
	if err := in.Set("sys_user", id, servicenow.Record{"web_service_access_only": "true"}); err != nil {
		t.Fatal(err)
	}
	if cookie := in.formLogin("person", "pw-person"); cookie != "" {
		t.Error("an account for web services logs in by a form")
	}
	now = now.Add(31 * time.Minute)
	session.must(http.StatusUnauthorized, http.MethodGet, table+"incident", nil)
	in.with("Cookie", in.formLogin("admin", "admin")).must(http.StatusNotFound, http.MethodGet, "/angular.do", nil)
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*instance){
		"tokens are revoked": func(in *instance) { in.RevokeTokens() },
		"reset":              func(in *instance) { in.Reset() },
		"the user is inactive": func(in *instance) {
			admin := in.Records("sys_user", "user_name=admin")[0]["sys_id"]
			if err := in.Set("sys_user", admin, servicenow.Record{"active": "false"}); err != nil {
				t.Error(err)
			}
		},
	} {
		in := start(t, servicenow.Options{})
		session := in.with("Cookie", in.formLogin("admin", "admin"))
		told := session.must(http.StatusUnauthorized, http.MethodPost, "/angular.do?sysparm_type=get_user", nil)
		session.header = http.Header{"X-Usertoken": {told.header.Get("X-Usertoken-Response")}}
		session.must(http.StatusOK, http.MethodGet, table+"incident", nil)
		end(in)
		if r := session.do(http.MethodGet, table+"incident", nil); r.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, r.status)
		}
	}
}
