package provider_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// list runs `terraform query` for one type through the protocol, with the values of the list block.
func (p protocol) list(name string, values map[string]any, limit int64) []tfprotov6.ListResourceResult {
	p.t.Helper()
	results := p.listed(name, values, limit)
	for _, result := range results {
		p.check(nil, result.Diagnostics)
	}
	return results
}

// listed is list, whatever the results report.
func (p protocol) listed(name string, values map[string]any, limit int64) []tfprotov6.ListResourceResult {
	p.t.Helper()
	kind, ok := p.schema.ListResourceSchemas[name].ValueType().(tftypes.Object)
	if !ok {
		p.t.Fatalf("%s cannot be listed", name)
	}
	attributes := map[string]tftypes.Value{}
	for attribute, of := range kind.AttributeTypes {
		attributes[attribute] = tftypes.NewValue(of, nil)
		switch value := values[attribute].(type) {
		case nil:
		case []string:
			attributes[attribute] = textList(value)
		default:
			attributes[attribute] = tftypes.NewValue(of, value)
		}
	}
	config, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, attributes))
	p.check(err, nil)
	server, ok := p.server.(tfprotov6.ListResourceServer)
	if !ok {
		p.t.Fatal("the server lists nothing")
	}
	stream, err := server.ListResource(p.t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: name, Config: &config, IncludeResource: true, Limit: limit,
	})
	p.check(err, nil)
	return slices.Collect(stream.Results)
}

func textList(texts []string) tftypes.Value {
	items := make([]tftypes.Value, len(texts))
	for i, text := range texts {
		items[i] = tftypes.NewValue(tftypes.String, text)
	}
	return tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, items)
}

// TestList lists records by a query, with their identities and everything that an import would read.
func TestList(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	for i := range 5 {
		if _, err := w.ServiceNow.Insert("sys_cors_rule", servicenow.Record{
			"name": fmt.Sprintf("rule %d", i), "domain": fmt.Sprintf("https://%d.example.com", i), "max_age": "60",
			"resource_path": "x.do", "use_resource_path": "true", "access_control_allow_headers": "X-A,X-B",
		}); err != nil {
			t.Fatal(err)
		}
	}
	p := speak(t, w)
	const name = "servicenow_cors_rule"
	results := p.list(name, map[string]any{"query": "nameSTARTSWITHrule^name!=rule 3"}, 0)
	var shown []string
	for _, result := range results {
		shown = append(shown, result.DisplayName)
		identity, err := result.Identity.IdentityData.Unmarshal(p.objects[name])
		p.check(err, nil)
		object, err := result.Resource.Unmarshal(p.schema.ResourceSchemas[name].ValueType())
		p.check(err, nil)
		var id, attributes map[string]tftypes.Value
		p.check(identity.As(&id), nil)
		p.check(object.As(&attributes), nil)
		if !id["id"].Equal(attributes["id"]) || attributes["allow_headers"].IsNull() || attributes["resource_path"].IsNull() {
			t.Errorf("listed %v as %v", id, attributes)
		}
	}
	slices.Sort(shown)
	if fmt.Sprint(shown) != "[rule 0 rule 1 rule 2 rule 4]" {
		t.Errorf("listed %v", shown)
	}
	if limited := p.list(name, nil, 2); len(limited) != 2 {
		t.Errorf("%d results, although 2 are wanted", len(limited))
	}
	stored := len(w.ServiceNow.Records("sys_scope_privilege", ""))
	if all := p.list("servicenow_cross_scope_privilege", nil, 0); len(all) != stored {
		t.Errorf("%d privileges, not %d", len(all), stored)
	}
}

// TestListConnectors lists the connectors of one type, and in the generic list those that have no other.
func TestListConnectors(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, func(o *simulator.Options) {
		o.Kibana.Preconfigured = []kibana.Preconfigured{{ID: "fixed", Name: "Fixed", TypeID: ".index"}}
	})
	w.Run(resource.TestStep{
		Config: connector + `
resource "servicenow_kibana_connector" "a" {
  name              = "a"
  connector_type_id = ".index"
  config            = jsonencode({ index = "a" })
}
resource "servicenow_kibana_connector" "b" {
  name              = "b"
  connector_type_id = ".index"
  config            = jsonencode({ index = "b" })
  depends_on        = [servicenow_kibana_connector.a]
}
`,
		PostApplyFunc: func() {
			p := speak(t, w)
			results := p.list("servicenow_kibana_itsm_connector", nil, 0)
			if len(results) != 1 || results[0].DisplayName != "n" {
				t.Errorf("listed %v", results)
			}
			others := p.list("servicenow_kibana_jira_connector", map[string]any{"space_id": "default"}, 0)
			if len(others) != 0 {
				t.Errorf("listed %v", others)
			}
			const generic = "servicenow_kibana_connector"
			if all := p.list(generic, nil, 0); len(all) != 2 {
				t.Errorf("%d connectors have no list of their own", len(all))
			}
			if one := p.list(generic, nil, 1); len(one) != 1 || one[0].DisplayName != "a (.index)" {
				t.Errorf("listed %v", one)
			}
			asked := p.list(generic, map[string]any{"connector_type_id": ".servicenow"}, 0)
			if len(asked) != 1 || asked[0].DisplayName != "n (.servicenow)" {
				t.Errorf("listed %v", asked)
			}
		},
	})
}

// A term about a column that does not exist is dropped by the instance: listing the rest would adopt the whole table.
func TestListRefusesUnknownColumns(t *testing.T) {
	t.Parallel()
	p := speak(t, acctest.New(t))
	for query, column := range map[string]string{
		"nosuch=1":                         "nosuch",
		"active=true^nosuchSTARTSWITHx":    "nosuch",
		"active=true^ORno_such=x":          "no_such",
		"active=true^NQnosuch.name=x":      "nosuch",
		"user_nameSTARTSWITHa^gone=1^EQ":   "gone",
		"user_name=admin^nosuchINa,b,c":    "nosuch",
		"nosuchISEMPTY^ORDERBYDESCname":    "nosuch",
		"manager.name=x^nosuch.manager=12": "nosuch",
	} {
		results := p.listed("servicenow_user", map[string]any{"query": query}, 0)
		// A query of which nothing is left may match nothing, and then nothing can be adopted by mistake.
		said := ""
		for _, result := range results {
			for _, d := range result.Diagnostics {
				said += d.Detail
			}
			if len(result.Diagnostics) == 0 {
				t.Errorf("%s lists %s", query, result.DisplayName)
			}
		}
		if !strings.Contains(said, "no column "+column) && len(results) > 0 {
			t.Errorf("%s: %q", query, said)
		}
	}
	said := p.listed("servicenow_user", map[string]any{"query": "active=true^nosuch=1"}, 0)
	if len(said) != 1 || !strings.Contains(said[0].Diagnostics[0].Detail, "sys_user has no column nosuch") {
		t.Errorf("listed %+v", said)
	}
	known := "manager.name=x^ORuser_nameSTARTSWITHadm^active=true^sys_created_onONToday@javascript:gs.beginningOfToday()" +
		"@javascript:gs.endOfToday()^NQuser_name=admin^ORDERBYuser_name"
	p.list("servicenow_user", map[string]any{"query": known}, 0)
}

// Lists name records by what they refer to, and leave inherited roles out.
func TestListNames(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	insert := func(table string, values servicenow.Record) string {
		id, err := w.ServiceNow.Insert(table, values)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	user := insert("sys_user", servicenow.Record{"user_name": "elastic.itsm"})
	given := insert("sys_user_role", servicenow.Record{"name": "x_elastic.given"})
	inherited := insert("sys_user_role", servicenow.Record{"name": "x_elastic.inherited"})
	insert("sys_user_has_role", servicenow.Record{"user": user, "role": given})
	group := insert("sys_user_group", servicenow.Record{"name": "Elastic"})
	insert("sys_group_has_role", servicenow.Record{"group": group, "role": inherited})
	insert("sys_user_grmember", servicenow.Record{"group": group, "user": user})
	endpoint := insert("oauth_jwt", servicenow.Record{"name": "Elastic"})
	insert("jwt_verifier_map", servicenow.Record{"name": "map", "oauth_jwt": endpoint})
	p := speak(t, w)
	for _, c := range []struct {
		list   string
		values map[string]any
		want   []string
	}{
		{"user_role", map[string]any{"query": "user=" + user}, []string{"elastic.itsm · role x_elastic.given"}},
		{"user_role", map[string]any{"query": "user=x^NQuser=" + user}, []string{"elastic.itsm · role x_elastic.given"}},
		{
			"user_role",
			map[string]any{"query": "user=" + user, "include_inherited": true},
			[]string{"elastic.itsm · role x_elastic.given", "elastic.itsm · role x_elastic.inherited"},
		},
		{"group_role", map[string]any{"query": "group=" + group}, []string{"Elastic · role x_elastic.inherited"}},
		{"group_member", map[string]any{"query": "group=" + group}, []string{"elastic.itsm · in Elastic"}},
		{"jwt_verifier_map", map[string]any{"query": "name=map"}, []string{"map · for Elastic"}},
		{"auth_parameter", map[string]any{"query": "parameter_name=x-sn-apikey^type=auth_header"}, []string{
			"x-sn-apikey · auth_header",
		}},
	} {
		var got []string
		for _, result := range p.list("servicenow_"+c.list, c.values, 0) {
			got = append(got, result.DisplayName)
		}
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("%s %v: %q, want %q", c.list, c.values, got, c.want)
		}
	}
}

// Records of any table are listed with the columns that they are to own, and their identities read the same ones.
func TestListRecords(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	if _, err := w.ServiceNow.Insert("sys_properties", servicenow.Record{"name": "elastic.a", "value": "1"}); err != nil {
		t.Fatal(err)
	}
	p := speak(t, w)
	const name = "servicenow_record"
	asked := map[string]any{
		"table": "sys_properties", "query": "nameSTARTSWITHelastic.", "columns": []string{"name", "value", "description"},
	}
	results := p.list(name, asked, 0)
	if len(results) != 1 {
		t.Fatalf("listed %d", len(results))
	}
	listed, err := results[0].Resource.Unmarshal(p.schema.ResourceSchemas[name].ValueType())
	p.check(err, nil)
	imported, err := p.server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: name, Identity: results[0].Identity,
	})
	p.check(err, imported.Diagnostics)
	read, err := p.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: name, CurrentState: imported.ImportedResources[0].State, Private: imported.ImportedResources[0].Private,
		CurrentIdentity: imported.ImportedResources[0].Identity,
	})
	p.check(err, read.Diagnostics)
	state, err := read.NewState.Unmarshal(p.schema.ResourceSchemas[name].ValueType())
	p.check(err, nil)
	if !state.Equal(listed) {
		t.Errorf("imported %v, listed %v", state, listed)
	}
	var attributes, values map[string]tftypes.Value
	p.check(state.As(&attributes), nil)
	p.check(attributes["values"].As(&values), nil)
	if !values["name"].Equal(tftypes.NewValue(tftypes.String, "elastic.a")) || len(values) != 3 {
		t.Errorf("values %v", values)
	}
	asked["columns"] = []string{"name", "nosuch"}
	if refused := p.listed(name, asked, 0); len(refused) != 1 || len(refused[0].Diagnostics) != 1 ||
		!strings.Contains(refused[0].Diagnostics[0].Detail, "sys_properties has no column nosuch") {
		t.Errorf("listed %+v", refused)
	}
}

// What is installed, and the settings of cases, can be listed too; Kibana's objects in all spaces at once.
func TestListWhatIsNoRowOfATable(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	p := speak(t, w)
	shown := func(name string, values map[string]any, limit int64) []string {
		var names []string
		for _, result := range p.list("servicenow_"+name, values, limit) {
			identity, err := result.Identity.IdentityData.Unmarshal(p.objects["servicenow_"+name])
			p.check(err, nil)
			var id map[string]tftypes.Value
			p.check(identity.As(&id), nil)
			name := result.DisplayName
			if space, ok := id["space_id"]; ok {
				var text string
				p.check(space.As(&text), nil)
				name = text + ": " + name
			}
			names = append(names, name)
		}
		slices.Sort(names)
		return names
	}
	want := func(got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("listed %q, want %q", got, want)
		}
	}
	want(shown("store_application", map[string]any{"query": "scopeSTARTSWITHx_elas2"}, 0), servicenow.ElasticITSM)
	active := w.ServiceNow.Records("v_plugin", "active=active")
	all := shown("plugin", nil, 0)
	if len(all) == 0 || len(all) != len(active) || len(active) == len(w.ServiceNow.Records("v_plugin", "")) {
		t.Errorf("listed %v of %d active plugins", all, len(active))
	}
	want(shown("plugin", map[string]any{"query": "id=" + active[0]["id"]}, 0), active[0]["id"])
	if limited := shown("plugin", nil, 1); len(limited) != 1 {
		t.Errorf("listed %v", limited)
	}
	want(shown("kibana_case_settings", map[string]any{"space_id": "*"}, 0))
	configure := func(path, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.KibanaURL()+path, strings.NewReader(body))
		p.check(err, nil)
		r.SetBasicAuth(acctest.KibanaUser, acctest.KibanaPassword)
		r.Header.Set("Kbn-Xsrf", "true")
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(r)
		p.check(err, nil)
		p.check(resp.Body.Close(), nil)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", path, resp.Status)
		}
	}
	settings := func(owner, closure string) string {
		return fmt.Sprintf(`{"owner":%q,"closure_type":%q,"connector":{"id":"none","name":"none","type":".none",`+
			`"fields":null}}`, owner, closure)
	}
	configure("/api/spaces/space", `{"id":"ops","name":"Ops"}`)
	configure("/api/cases/configure", settings("cases", "close-by-pushing"))
	configure("/api/cases/configure", settings("observability", "close-by-user")) // as Kibana delivers them
	configure("/s/ops/api/cases/configure", settings("securitySolution", "close-by-pushing"))
	want(shown("kibana_case_settings", nil, 0), "default: cases cases")
	want(shown("kibana_case_settings", map[string]any{"space_id": "*"}, 0),
		"default: cases cases", "ops: securitySolution cases")
	for _, space := range []string{"default", "ops"} {
		if _, err := w.Kibana.Insert(kibana.Connector{Name: "log", Space: space, TypeID: ".server-log"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	every := map[string]any{"space_id": "*"}
	want(shown("kibana_connector", every, 0), "default: log (.server-log)", "ops: log (.server-log)")
	if limited := shown("kibana_connector", every, 1); len(limited) != 1 {
		t.Errorf("listed %v", limited)
	}
	if _, err := w.ServiceNow.Insert("sys_properties", servicenow.Record{
		"name": "acme.password", "value": "hidden", "type": "password2",
	}); err != nil {
		t.Fatal(err)
	}
	want(shown("system_property", map[string]any{"query": "nameSTARTSWITHacme."}, 0))
}

// Every list says where Terraform stops.
func TestListsNameTheirLimit(t *testing.T) {
	t.Parallel()
	p := speak(t, acctest.New(t))
	for name, schema := range p.schema.ListResourceSchemas {
		if !strings.Contains(schema.Block.Description, "limit = 1000") {
			t.Errorf("%s: %s", name, schema.Block.Description)
		}
	}
}

// A wrong id in an identity stands in the error.
func TestImportByWrongIdentity(t *testing.T) {
	t.Parallel()
	p := speak(t, acctest.New(t))
	text := func(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }
	none := tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, nil)
	for name, identity := range map[string]map[string]tftypes.Value{
		"servicenow_cors_rule":      {"id": text("not-an-id")},
		"servicenow_auth_parameter": {"id": text("not-an-id/auth_header")},
		"servicenow_record":         {"table": text("sys_user"), "id": text("not-an-id"), "columns": none},
	} {
		value, err := tfprotov6.NewDynamicValue(p.objects[name], tftypes.NewValue(p.objects[name], identity))
		p.check(err, nil)
		resp, err := p.server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
			TypeName: name, Identity: &tfprotov6.ResourceIdentityData{IdentityData: &value},
		})
		p.check(err, nil)
		if len(resp.Diagnostics) != 1 || !strings.Contains(resp.Diagnostics[0].Detail, "not-an-id") {
			t.Errorf("%s: %+v", name, resp.Diagnostics)
		}
	}
}

// A list shows no sys_id where there are words: a record that is told apart by references has a display of its own.
func TestListsShowWords(t *testing.T) {
	t.Parallel()
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		d, _, _ := lifecycle.Inspect(e.resource)
		_, listed := lifecycle.ListOf(e.resource)
		if listed && d.Display == "" && (len(d.Key) > 1 || len(d.Key) == 1 && strings.HasSuffix(d.Key[0], "_id")) {
			t.Errorf("%s is shown by %v", e.name, d.Key)
		}
	}
}
