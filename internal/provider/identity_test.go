package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// protocol is the provider as Terraform talks to it, for what older releases of terraform do not ask for.
type protocol struct {
	t       *testing.T
	server  tfprotov6.ProviderServer
	schema  *tfprotov6.GetProviderSchemaResponse
	objects map[string]tftypes.Object // identities by resource type
}

func (p protocol) check(err error, diagnostics []*tfprotov6.Diagnostic) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			p.t.Fatalf("%s: %s", d.Summary, d.Detail)
		}
	}
}

// speak configures the provider for a world.
func speak(t *testing.T, w *acctest.World) protocol {
	t.Helper()
	server := providerserver.NewProtocol6(provider.New("test")())()
	p := protocol{t: t, server: server, objects: map[string]tftypes.Object{}}
	var err error
	p.schema, err = p.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	p.check(err, nil)
	identities, err := p.server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	p.check(err, nil)
	for name, s := range identities.IdentitySchemas {
		kinds := map[string]tftypes.Type{}
		for _, a := range s.IdentityAttributes {
			kinds[a.Name] = a.Type
		}
		p.objects[name] = tftypes.Object{AttributeTypes: kinds}
	}
	kind, _ := p.schema.Provider.ValueType().(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name, attribute := range kind.AttributeTypes {
		values[name] = tftypes.NewValue(attribute, nil)
	}
	login := func(of tftypes.Type, user, password string) tftypes.Value {
		return tftypes.NewValue(of, map[string]tftypes.Value{
			"username": tftypes.NewValue(tftypes.String, user), "password": tftypes.NewValue(tftypes.String, password),
		})
	}
	values["instance_url"] = tftypes.NewValue(tftypes.String, w.ServiceNowURL())
	values["basic_auth"] = login(kind.AttributeTypes["basic_auth"], w.ServiceNow.AdminUser(), w.ServiceNow.AdminPassword())
	inner, _ := kind.AttributeTypes["kibana"].(tftypes.Object)
	kibana := map[string]tftypes.Value{}
	for name, attribute := range inner.AttributeTypes {
		kibana[name] = tftypes.NewValue(attribute, nil)
	}
	kibana["url"] = tftypes.NewValue(tftypes.String, w.KibanaURL())
	kibana["basic_auth"] = login(inner.AttributeTypes["basic_auth"], acctest.KibanaUser, acctest.KibanaPassword)
	values["kibana"] = tftypes.NewValue(inner, kibana)
	config, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, values))
	p.check(err, nil)
	resp, err := p.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &config})
	p.check(err, resp.Diagnostics)
	return p
}

// TestImportByIdentity imports by identity, as Terraform 1.12 and newer do, and keeps it through a refresh.
func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	id, err := w.ServiceNow.Insert("sys_cors_rule", servicenow.Record{
		"name": "n", "domain": "https://a.example.com", "resource_path": "x.do", "use_resource_path": "true",
	})
	if err != nil {
		t.Fatal(err)
	}
	p := speak(t, w)
	const resource = "servicenow_cors_rule"
	identity, err := tfprotov6.NewDynamicValue(p.objects[resource], tftypes.NewValue(p.objects[resource],
		map[string]tftypes.Value{"id": tftypes.NewValue(tftypes.String, id)}))
	p.check(err, nil)
	imported, err := p.server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: resource, Identity: &tfprotov6.ResourceIdentityData{IdentityData: &identity},
	})
	p.check(err, imported.Diagnostics)
	read, err := p.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: resource, CurrentState: imported.ImportedResources[0].State, Private: imported.ImportedResources[0].Private,
		CurrentIdentity: imported.ImportedResources[0].Identity,
	})
	p.check(err, read.Diagnostics)
	kept, err := read.NewIdentity.IdentityData.Unmarshal(p.objects[resource])
	p.check(err, nil)
	if want, _ := identity.Unmarshal(p.objects[resource]); !kept.Equal(want) {
		t.Errorf("the identity is %v", kept)
	}
	state, err := read.NewState.Unmarshal(p.schema.ResourceSchemas[resource].ValueType())
	p.check(err, nil)
	var attributes map[string]tftypes.Value
	p.check(state.As(&attributes), nil)
	var domain string
	p.check(attributes["domain"].As(&domain), nil)
	if domain != "https://a.example.com" {
		t.Errorf("the domain is %q", domain)
	}
}

// TestIdentities holds what identifies each kind of resource.
func TestIdentities(t *testing.T) {
	t.Parallel()
	p := speak(t, acctest.New(t))
	for name := range p.schema.ResourceSchemas {
		object, ok := p.objects[name]
		if !ok || len(object.AttributeTypes) == 0 {
			t.Errorf("%s has no identity", name)
		}
	}
}
