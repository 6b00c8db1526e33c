package provider_test

import (
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

// attribute is what schemas of all kinds have in common.
type attribute interface {
	IsRequired() bool
	IsOptional() bool
	IsComputed() bool
	IsSensitive() bool
	IsWriteOnly() bool
	GetMarkdownDescription() string
	GetDescription() string
}

// entry is one thing that the provider serves.
type entry struct {
	kind, name  string
	description string
	attributes  map[string]attribute // those of nested objects by their paths, with dots
	resource    resource.Resource
	schema      schema.Schema
	secrets     []string // of an action: those that are served as write-only
}

// served lists everything that the provider serves, of every kind.
func served(t *testing.T) []entry {
	t.Helper()
	ctx := t.Context()
	p, ok := provider.New("test")().(interface {
		fwprovider.ProviderWithFunctions
		fwprovider.ProviderWithEphemeralResources
		fwprovider.ProviderWithActions
		fwprovider.ProviderWithListResources
	})
	if !ok {
		t.Fatal("the provider does not serve every kind")
	}
	var all []entry
	metadata := resource.MetadataRequest{ProviderTypeName: "servicenow"}
	for _, constructor := range p.Resources(ctx) {
		r := constructor()
		var meta resource.MetadataResponse
		var s resource.SchemaResponse
		r.Metadata(ctx, metadata, &meta)
		r.Schema(ctx, resource.SchemaRequest{}, &s)
		if s.Diagnostics.HasError() || s.Schema.ValidateImplementation(ctx).HasError() {
			t.Fatalf("%s: %v %v", meta.TypeName, s.Diagnostics, s.Schema.ValidateImplementation(ctx))
		}
		e := entry{kind: "resources", name: meta.TypeName, description: s.Schema.MarkdownDescription}
		e.attributes, e.resource, e.schema = flatten(t, s.Schema), r, s.Schema
		all = append(all, e)
	}
	for _, constructor := range p.DataSources(ctx) {
		d := constructor()
		var meta datasource.MetadataResponse
		var s datasource.SchemaResponse
		d.Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: "servicenow"}, &meta)
		d.Schema(ctx, datasource.SchemaRequest{}, &s)
		all = append(all, entry{
			kind: "data-sources", name: meta.TypeName, description: s.Schema.MarkdownDescription,
			attributes: flatten(t, s.Schema),
		})
	}
	for _, constructor := range p.EphemeralResources(ctx) {
		x := constructor()
		var meta ephemeral.MetadataResponse
		var s ephemeral.SchemaResponse
		x.Metadata(ctx, ephemeral.MetadataRequest{ProviderTypeName: "servicenow"}, &meta)
		x.Schema(ctx, ephemeral.SchemaRequest{}, &s)
		all = append(all, entry{
			kind: "ephemeral-resources", name: meta.TypeName, description: s.Schema.MarkdownDescription,
			attributes: flatten(t, s.Schema),
		})
	}
	for _, constructor := range p.Actions(ctx) {
		a := constructor()
		var meta action.MetadataResponse
		var s action.SchemaResponse
		a.Metadata(ctx, action.MetadataRequest{ProviderTypeName: "servicenow"}, &meta)
		a.Schema(ctx, action.SchemaRequest{}, &s)
		e := entry{
			kind: "actions", name: meta.TypeName, description: s.Schema.MarkdownDescription,
			attributes: flatten(t, s.Schema),
		}
		if secretive, ok := a.(interface{ Secrets() []string }); ok {
			e.secrets = secretive.Secrets()
		}
		all = append(all, e)
	}
	for _, constructor := range p.ListResources(ctx) {
		l := constructor()
		var meta resource.MetadataResponse
		var s list.ListResourceSchemaResponse
		l.Metadata(ctx, metadata, &meta)
		l.ListResourceConfigSchema(ctx, list.ListResourceSchemaRequest{}, &s)
		all = append(all, entry{
			kind: "list-resources", name: meta.TypeName, description: s.Schema.MarkdownDescription,
			attributes: flatten(t, s.Schema),
		})
	}
	for _, constructor := range p.Functions(ctx) {
		f := constructor()
		var meta function.MetadataResponse
		var d function.DefinitionResponse
		f.Metadata(ctx, function.MetadataRequest{}, &meta)
		f.Definition(ctx, function.DefinitionRequest{}, &d)
		all = append(all, entry{kind: "functions", name: meta.Name, description: d.Definition.MarkdownDescription})
	}
	return all
}

// flatten lists the attributes of a schema of any kind, those of nested objects, lists and sets of them included.
func flatten(t *testing.T, schema any) map[string]attribute {
	t.Helper()
	all := map[string]attribute{}
	var walk func(prefix string, of reflect.Value)
	walk = func(prefix string, of reflect.Value) {
		if blocks := of.FieldByName("Blocks"); blocks.IsValid() && blocks.Len() > 0 {
			t.Error("nothing here looks into blocks: use attributes")
		}
		attributes := of.FieldByName("Attributes")
		if !attributes.IsValid() {
			return
		}
		for _, key := range attributes.MapKeys() {
			a := attributes.MapIndex(key).Interface()
			all[prefix+key.String()] = a.(attribute)
			v := reflect.ValueOf(a)
			walk(prefix+key.String()+".", v)
			if nested := v.FieldByName("NestedObject"); nested.IsValid() {
				walk(prefix+key.String()+".", nested)
			}
		}
	}
	walk("", reflect.ValueOf(schema))
	return all
}

// TestServedReachesEverything makes sure that the conventions are held over each kind, and over attributes at each
// depth: of a list inside a list there is one.
func TestServedReachesEverything(t *testing.T) {
	t.Parallel()
	kinds, nested := map[string]int{}, map[string]int{}
	for _, e := range served(t) {
		kinds[e.kind]++
		for name := range e.attributes {
			for i := range name {
				if name[i] == '.' {
					nested[e.kind]++
				}
			}
		}
	}
	for _, kind := range []string{
		"resources", "data-sources", "ephemeral-resources", "actions", "list-resources", "functions",
	} {
		if kinds[kind] == 0 {
			t.Errorf("no %s are served", kind)
		}
	}
	for _, kind := range []string{"resources", "data-sources", "ephemeral-resources", "actions"} {
		if nested[kind] == 0 {
			t.Errorf("no nested attributes of %s are found", kind)
		}
	}
}
