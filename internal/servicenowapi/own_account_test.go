package servicenowapi

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// TestChangesOfTheOwnAccount refuses what takes our own user's access away, and nothing else.
func TestChangesOfTheOwnAccount(t *testing.T) {
	t.Parallel()
	server := servicenow.New(servicenow.Options{Apps: []string{}})
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	const password = "a good word"
	user := put(t, server, userTable, servicenow.Record{
		"user_name": "terraform", "user_password": password, "web_service_access_only": "true", "active": "true",
	})
	other := put(t, server, userTable, servicenow.Record{"user_name": "other"})
	role := func(name string) string { return server.Records(roleTable, "name="+name)[0]["sys_id"] }
	grant := put(t, server, "sys_user_has_role", servicenow.Record{"user": user, "role": role("admin")})
	another := put(t, server, "sys_user_has_role", servicenow.Record{"user": user, "role": role("user_admin")})
	foreign := put(t, server, "sys_user_has_role", servicenow.Record{"user": other, "role": role("admin")})
	group := put(t, server, "sys_user_group", servicenow.Record{"name": "Group"})
	member := put(t, server, "sys_user_grmember", servicenow.Record{"user": user, "group": group})
	key := put(t, server, apiKeyTable, servicenow.Record{"name": "k", "user": user, "active": "true"})
	basic := rest.BasicAuth{Username: "terraform", Password: password}
	for name, test := range map[string]struct {
		auth   rest.Auth
		change RowChange
		want   string // empty: harmless
	}{
		"deactivated":      {basic, changeTo(user, "active", "false"), "is not active"},
		"locked out":       {basic, changeTo(user, "locked_out", "true"), "is locked out"},
		"renamed":          {basic, changeTo(user, "user_name", "robot"), "another user name"},
		"another password": {basic, changeTo(user, passwordColumn, "another"), "another password"},
		"its password":     {basic, changeTo(user, passwordColumn, password), ""},
		"a title":          {basic, changeTo(user, "title", "Robot"), ""},
		"deleted":          {basic, RowChange{Table: userTable, ID: user, Deleted: true}, "does not exist"},
		"somebody else":    {basic, RowChange{Table: userTable, ID: other, Deleted: true}, ""},
		"its role admin": {
			basic, RowChange{Table: "sys_user_has_role", ID: grant, Deleted: true}, "does not hold the role admin",
		},
		"a role beside it":    {basic, RowChange{Table: "sys_user_has_role", ID: another, Deleted: true}, ""},
		"somebody's role":     {basic, RowChange{Table: "sys_user_has_role", ID: foreign, Deleted: true}, ""},
		"a group without one": {basic, RowChange{Table: "sys_user_grmember", ID: member, Deleted: true}, ""},
		"a key that is not used": {
			basic, RowChange{Table: apiKeyTable, ID: key, Deleted: true}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := New(rest.Config{BaseURL: listener.URL, HTTP: rest.DefaultHTTP(), Auth: test.auth})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.endpoint.Close)
			done, err := client.keepAccount(t.Context(), []RowChange{test.change})
			if err == nil {
				done()
			}
			if (err == nil) != (test.want == "") || err != nil && (!refused(err) || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}

func changeTo(user, column, value string) RowChange {
	return RowChange{Table: userTable, ID: user, Values: map[string]any{column: value}}
}
