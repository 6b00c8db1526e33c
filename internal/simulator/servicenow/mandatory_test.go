package servicenow_test

import (
	"net/http"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// A dictionary's mandatory columns are the form's to enforce, and a data policy's, if there is one.
func TestMandatoryColumnsOfADictionary(t *testing.T) {
	t.Parallel()
	for _, enforced := range []bool{false, true} {
		in := start(t, servicenow.Options{EnforceMandatory: enforced})
		if err := in.UseDictionary(&dictionary.File{Format: 1, Tables: []dictionary.Table{{
			Name: "u_device", Columns: []dictionary.Column{
				{Name: "u_site", Label: "Site", Type: "string", Mandatory: true},
				{Name: "u_slot", Label: "Slot", Type: "string", Mandatory: true, Default: "1"},
				{Name: "u_key", Label: "Key", Type: "password2", Mandatory: true},
				{Name: "u_note", Label: "Note", Type: "string"},
			},
		}}}); err != nil {
			t.Fatal(err)
		}
		status := map[bool]int{false: http.StatusCreated, true: http.StatusForbidden}[enforced]
		empty := in.must(status, http.MethodPost, table+"u_device", map[string]any{})
		if message, detail := empty.errorText(); enforced && (message != "Operation Failed" ||
			detail != "Data Policy Exception: The following fields are mandatory: Site, Key") {
			t.Errorf("%s: %s", message, detail)
		}
		id := in.create("u_device", map[string]any{"u_site": "a", "u_key": "secret"})
		status = map[bool]int{false: http.StatusOK, true: http.StatusForbidden}[enforced]
		in.must(status, http.MethodPatch, table+"u_device/"+id, map[string]any{"u_site": ""})
		in.must(http.StatusOK, http.MethodPatch, table+"u_device/"+id, map[string]any{"u_site": "b", "u_note": "n"})
		in.insert("u_device", servicenow.Record{"u_note": "behind the API's back"})
		// Columns of shipped tables are mandatory, too, and a new column becomes it by its dictionary entry.
		status = map[bool]int{false: http.StatusCreated, true: http.StatusForbidden}[enforced]
		in.must(status, http.MethodPost, table+"sys_cors_rule", map[string]any{"name": "n"})
		in.create("sys_dictionary", map[string]any{
			"name": "u_device", "element": "u_late", "internal_type": "string", "mandatory": "true",
		})
		in.must(status, http.MethodPost, table+"u_device", map[string]any{"u_site": "a", "u_key": "secret"})
	}
}

func TestNamesFollowSuffixAndLabel(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	app := in.Records("sys_scope", "scope="+elastic)[0]["sys_id"]
	for _, test := range []struct{ table, query, column, given, want string }{
		{"sys_user_role", "", "suffix", "reader", "reader"},
		{"sys_user_role", "?sysparm_transaction_scope=" + app, "suffix", "reader", elastic + ".reader"},
		{"sys_properties", "", "suffix", "limit", "limit"},
		{"sys_properties", "?sysparm_transaction_scope=" + app, "suffix", "limit", elastic + ".limit"},
		{"sys_db_object", "", "label", "Rack unit (new)", "u_rack_unit_new"},
		{"sys_db_object", "?sysparm_transaction_scope=" + app, "label", "Rack", elastic + "_rack"},
	} {
		r := in.must(http.StatusCreated, http.MethodPost, table+test.table+test.query,
			map[string]any{test.column: test.given}).record()
		if r["name"] != test.want {
			t.Errorf("%s %s=%s is named %v, want %s", test.table, test.column, test.given, r["name"], test.want)
		}
	}
	in.create("u_rack_unit_new", map[string]any{})
	named := in.must(http.StatusCreated, http.MethodPost, table+"sys_user_role",
		map[string]any{"name": "app.writer", "suffix": "other"}).record()
	if named["name"] != "app.writer" || named["suffix"] != "writer" {
		t.Errorf("a role with a name: %v", named)
	}
}

func TestCachedRolesCountWhenTheUserIsTouched(t *testing.T) {
	t.Parallel()
	for _, cached := range []bool{false, true} {
		in := start(t, servicenow.Options{CacheRoles: cached})
		user := in.insert("sys_user", servicenow.Record{"user_name": "new", "user_password": "pw"})
		grant := in.create("sys_user_has_role", map[string]any{"user": user, "role": in.role("itil")})
		write := func() int {
			return in.as("new", "pw").do(http.MethodPost, table+"incident", map[string]any{}).status
		}
		if got := write(); (got == http.StatusCreated) == cached {
			t.Errorf("cached %t: after the grant %d", cached, got)
		}
		touch := func(value string) {
			in.must(http.StatusOK, http.MethodPatch, table+"sys_user/"+user, map[string]any{"title": value})
		}
		touch("a")
		if got := write(); got != http.StatusCreated {
			t.Errorf("cached %t: touched %d", cached, got)
		}
		in.must(http.StatusNoContent, http.MethodDelete, table+"sys_user_has_role/"+grant, nil)
		if got := write(); (got == http.StatusCreated) != cached {
			t.Errorf("cached %t: after the grant's end %d", cached, got)
		}
		touch("b")
		if got := write(); got != http.StatusForbidden {
			t.Errorf("cached %t: touched again %d", cached, got)
		}
	}
}
