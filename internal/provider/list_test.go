package provider_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// list runs `terraform query` for one type through the protocol, with the values of the list block.
func (p protocol) list(name string, values map[string]string, limit int64) []tfprotov6.ListResourceResult {
	p.t.Helper()
	kind, ok := p.schema.ListResourceSchemas[name].ValueType().(tftypes.Object)
	if !ok {
		p.t.Fatalf("%s cannot be listed", name)
	}
	attributes := map[string]tftypes.Value{}
	for attribute, of := range kind.AttributeTypes {
		attributes[attribute] = tftypes.NewValue(of, nil)
		if value, ok := values[attribute]; ok {
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
	results := slices.Collect(stream.Results)
	for _, result := range results {
		p.check(nil, result.Diagnostics)
	}
	return results
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
	results := p.list(name, map[string]string{"query": "nameSTARTSWITHrule^name!=rule 3"}, 0)
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

// TestListConnectors lists the connectors of one type.
func TestListConnectors(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	w.Run(resource.TestStep{
		Config: connector,
		PostApplyFunc: func() {
			p := speak(t, w)
			results := p.list("servicenow_kibana_itsm_connector", nil, 0)
			if len(results) != 1 || results[0].DisplayName != "n" {
				t.Errorf("listed %v", results)
			}
			others := p.list("servicenow_kibana_jira_connector", map[string]string{"space_id": "default"}, 0)
			if len(others) != 0 {
				t.Errorf("listed %v", others)
			}
		},
	})
}
