package provider_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

// Each test below holds one convention over everything that the provider serves. The message of a failure says what to
// do about it.

const root = "../.."

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
	attributes  map[string]attribute
	resource    resource.Resource
	schema      schema.Schema
}

func served(t *testing.T) []entry {
	t.Helper()
	ctx := t.Context()
	p, ok := provider.New("test")().(interface {
		fwprovider.ProviderWithFunctions
		fwprovider.ProviderWithEphemeralResources
	})
	if !ok {
		t.Fatal("the provider serves no functions or ephemeral resources")
	}
	var all []entry
	for _, constructor := range p.Resources(ctx) {
		r := constructor()
		var meta resource.MetadataResponse
		var s resource.SchemaResponse
		r.Metadata(ctx, resource.MetadataRequest{ProviderTypeName: "servicenow"}, &meta)
		r.Schema(ctx, resource.SchemaRequest{}, &s)
		if s.Diagnostics.HasError() || s.Schema.ValidateImplementation(ctx).HasError() {
			t.Fatalf("%s: %v %v", meta.TypeName, s.Diagnostics, s.Schema.ValidateImplementation(ctx))
		}
		e := entry{"resources", meta.TypeName, s.Schema.MarkdownDescription, map[string]attribute{}, r, s.Schema}
		flatten(e.attributes, "", s.Schema.Attributes)
		all = append(all, e)
	}
	for _, constructor := range p.DataSources(ctx) {
		d := constructor()
		var meta datasource.MetadataResponse
		var s datasource.SchemaResponse
		d.Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: "servicenow"}, &meta)
		d.Schema(ctx, datasource.SchemaRequest{}, &s)
		e := entry{kind: "data-sources", name: meta.TypeName, description: s.Schema.MarkdownDescription}
		e.attributes = map[string]attribute{}
		for name, a := range s.Schema.Attributes {
			e.attributes[name] = a
		}
		all = append(all, e)
	}
	for _, constructor := range p.EphemeralResources(ctx) {
		x := constructor()
		var meta ephemeral.MetadataResponse
		var s ephemeral.SchemaResponse
		x.Metadata(ctx, ephemeral.MetadataRequest{ProviderTypeName: "servicenow"}, &meta)
		x.Schema(ctx, ephemeral.SchemaRequest{}, &s)
		e := entry{kind: "ephemeral-resources", name: meta.TypeName, description: s.Schema.MarkdownDescription}
		e.attributes = map[string]attribute{}
		for name, a := range s.Schema.Attributes {
			e.attributes[name] = a
		}
		all = append(all, e)
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

func flatten(into map[string]attribute, prefix string, attributes map[string]schema.Attribute) {
	for name, a := range attributes {
		into[prefix+name] = a
		if nested, ok := a.(schema.SingleNestedAttribute); ok {
			flatten(into, prefix+name+".", nested.Attributes)
		}
	}
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	for _, e := range served(t) {
		if !strings.HasSuffix(e.description, ".") {
			t.Errorf("%s %s: the description must be a sentence and end with a full stop", e.kind, e.name)
		}
		for name, a := range e.attributes {
			if strings.HasPrefix(name, "timeouts") {
				continue
			}
			if d := a.GetMarkdownDescription(); !strings.HasSuffix(d, ".") || len(d) < 12 {
				t.Errorf("%s.%s: the description must be a sentence and end with a full stop: %q", e.name, name, d)
			}
		}
		for name, a := range e.schema.Attributes {
			if a.IsOptional() && a.IsComputed() && !strings.Contains(a.GetMarkdownDescription(), "Default: ") {
				t.Errorf("%s.%s: the description of an attribute with a value of its own must tell its \"Default: …\"",
					e.name, name)
			}
		}
	}
}

func TestSecretsAreWriteOnly(t *testing.T) {
	t.Parallel()
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		secrets := 0
		for name, a := range e.attributes {
			secret := strings.HasSuffix(name, "_wo")
			if secret {
				secrets++
			}
			if secret != a.IsWriteOnly() || secret != a.IsSensitive() {
				t.Errorf("%s.%s: an attribute ends in _wo exactly when it is write-only and sensitive", e.name, name)
			}
			if secret && (!a.IsOptional() || a.IsRequired() || a.IsComputed()) {
				t.Errorf("%s.%s: a write-only attribute is optional, so that generated configuration validates", e.name, name)
			}
		}
		_, updated := e.attributes["secrets_updated_at"]
		if updated != (secrets > 0) {
			t.Errorf("%s: embed lifecycle.Secrets exactly where there are write-only attributes", e.name)
		}
		versions := 0
		for name := range e.attributes {
			if strings.HasSuffix(name, "_wo_version") {
				versions++
			}
		}
		if (versions > 0) != (secrets > 0) {
			t.Errorf("%s: write-only attributes need a …_wo_version", e.name)
		}
	}
}

// TestModelsFitTheirSchemas decodes an empty object of the schema into each model, and writes it back.
func TestModelsFitTheirSchemas(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		object := e.schema.Type().TerraformType(ctx)
		state := tfsdk.State{Schema: e.schema, Raw: tftypes.NewValue(object, nil)}
		if diags := state.SetAttribute(ctx, path.Root("id"), "x"); diags.HasError() {
			t.Fatalf("%s: %v", e.name, diags)
		}
		validator, ok := e.resource.(resource.ResourceWithValidateConfig)
		if !ok {
			t.Errorf("%s does not validate its configuration", e.name)
			continue
		}
		var resp resource.ValidateConfigResponse
		config := tfsdk.Config{Schema: e.schema, Raw: state.Raw}
		validator.ValidateConfig(ctx, resource.ValidateConfigRequest{Config: config}, &resp)
		for _, d := range resp.Diagnostics.Errors() {
			if strings.Contains(d.Summary(), "Value Conversion") {
				t.Errorf("%s: the model does not fit the schema: %s", e.name, d.Detail())
			}
		}
	}
}

func TestFieldsAreBoundOnce(t *testing.T) {
	t.Parallel()
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		definition, leaves, ok := lifecycle.Inspect(e.resource)
		if !ok {
			t.Errorf("%s does not run the shared lifecycle", e.name)
			continue
		}
		if "servicenow_"+definition.Type != e.name {
			t.Errorf("%s is defined as %s", e.name, definition.Type)
		}
		bound, owner := map[string]bool{}, map[string]string{}
		for _, leaf := range leaves {
			name := strings.ReplaceAll(leaf.Path.String(), "\"", "")
			if _, ok := e.attributes[name]; !ok {
				t.Errorf("%s: a field points at no attribute of the schema (%q)", e.name, name)
			}
			bound[name] = true
			if _, computed := field.As[field.ReadOnly](leaf.Field); computed {
				if a := e.attributes[name]; a != nil && (a.IsOptional() || a.IsRequired()) {
					t.Errorf("%s.%s is bound as computed and can be configured", e.name, name)
				}
				continue
			}
			for _, column := range leaf.Columns() {
				if other, ok := owner[column]; ok && leaf.Parent == nil && !strings.HasPrefix(name, other+".") {
					t.Errorf("%s: the column %s is bound to %s and to %s", e.name, column, other, name)
				}
				if leaf.Parent == nil {
					owner[column] = name
				}
			}
		}
		for name := range e.attributes {
			ours := name == "id" || name == "secrets_updated_at" || name == "adopted" || strings.HasPrefix(name, "timeouts") ||
				strings.HasSuffix(name, "_wo_version")
			if !bound[name] && !ours && !boundAsWhole(bound, name) {
				t.Errorf("%s.%s is bound to no field", e.name, name)
			}
		}
	}
}

// boundAsWhole tells that one field binds the object around a nested attribute, and so every attribute of it.
func boundAsWhole(bound map[string]bool, name string) bool {
	around, _, nested := strings.Cut(name, ".")
	if !nested || !bound[around] {
		return false
	}
	for other := range bound {
		if strings.HasPrefix(other, around+".") {
			return false
		}
	}
	return true
}

func TestResourcesAreImportable(t *testing.T) {
	t.Parallel()
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		if _, ok := e.resource.(resource.ResourceWithImportState); !ok {
			t.Errorf("%s cannot be imported", e.name)
		}
		if _, ok := e.resource.(resource.ResourceWithIdentity); !ok {
			t.Errorf("%s has no identity", e.name)
		}
		definition, _, _ := lifecycle.Inspect(e.resource)
		for _, key := range definition.Key {
			if _, ok := e.attributes[key]; !ok {
				t.Errorf("%s: the natural key names %s, which is no attribute", e.name, key)
			}
		}
	}
}

// elsewhere are attributes whose names end in _id and that hold no sys_id.
var elsewhere = regexp.MustCompile(`(^|\.)(client_id|key_id|jwt_key_id|connector_id|space_id|plugin_id|rest_api_id|` +
	`organization_id|application_id|connector_type_id|api_key_id_wo|alert_id|case_id)$`)

func TestReferencesHoldSysIDs(t *testing.T) {
	t.Parallel()
	for _, e := range served(t) {
		for name, a := range e.attributes {
			s, ok := a.(schema.StringAttribute)
			if !ok || !strings.HasSuffix(name, "_id") || elsewhere.MatchString(name) {
				continue
			}
			if !slices.ContainsFunc(s.Validators, func(v validator.String) bool {
				return strings.Contains(v.Description(t.Context()), "sys_id")
			}) {
				t.Errorf("%s.%s: a reference needs the validator lifecycle.SysID", e.name, name)
			}
		}
	}
}

func TestEverythingHasItsFiles(t *testing.T) {
	t.Parallel()
	example := map[string]string{
		"resources": "resource.tf", "data-sources": "data-source.tf", "ephemeral-resources": "ephemeral-resource.tf",
		"functions": "function.tf",
	}
	for _, e := range served(t) {
		short := strings.TrimPrefix(e.name, "servicenow_")
		files := []string{
			filepath.Join("examples", e.kind, e.name, example[e.kind]), filepath.Join("docs", e.kind, short+".md"),
		}
		if e.kind == "resources" {
			if _, listed := lifecycle.ListOf(e.resource); listed {
				files = append(files, filepath.Join("examples", "list-resources", e.name, "list-resource.tfquery.hcl"),
					filepath.Join("docs", "list-resources", short+".md"))
			}
			files = append(files, filepath.Join("examples", e.kind, e.name, "import.sh"), resourceFile(e.name))
		}
		for _, file := range files {
			if info, err := os.Stat(filepath.Join(root, file)); err != nil || info.Size() == 0 {
				t.Errorf("%s has no %s", e.name, file)
			}
		}
	}
}

// TestNamesExplainThemselves refuses what Terraform users do not write.
func TestNamesExplainThemselves(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	for _, e := range served(t) {
		for attribute := range e.attributes {
			for part := range strings.SplitSeq(attribute, ".") {
				if !name.MatchString(part) || strings.HasPrefix(part, "sys_") {
					t.Errorf("%s.%s: names are lower case, with underscores, and not ServiceNow's columns", e.name, attribute)
				}
			}
		}
	}
}

// TestResourceFilesStaySmall keeps a resource in one file that a stranger can read in one go: its definition and
// schema, its model, its fields, in this order.
func TestResourceFilesStaySmall(t *testing.T) {
	t.Parallel()
	const (
		longest     = 100
		median      = 90
		mostImports = 6
	)
	var lengths []int
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		file := resourceFile(e.name)
		content, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Error(err)
			continue
		}
		lines := strings.Count(string(content), "\n")
		lengths = append(lengths, lines)
		if lines > longest {
			t.Errorf("%s has %d lines; more than %d hide a second concern, which is a file of its own (…_store.go)", file,
				lines, longest)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, content, 0)
		if err != nil {
			t.Error(err)
			continue
		}
		if n := len(parsed.Imports); n > mostImports {
			t.Errorf("%s imports %d packages; at most %d, or it does more than to describe a resource", file, n, mostImports)
		}
		order := []string{"lifecycle.New[", " struct {\n", ") Fields() []field.Field"}
		last := 0
		for _, part := range order {
			at := strings.Index(string(content), part)
			if at < last {
				t.Errorf("%s: %q is missing, or stands too early: first the schema, then the model, then its fields", file, part)
			}
			last = at
		}
	}
	slices.Sort(lengths)
	if middle := lengths[len(lengths)/2]; middle > median {
		t.Errorf("the median resource file has %d lines; at most %d are meant", middle, median)
	}
}

// resourceFile is where a resource is described.
func resourceFile(name string) string {
	folder, short := "servicenow", strings.TrimPrefix(name, "servicenow_")
	if rest, ok := strings.CutPrefix(short, "kibana_"); ok {
		folder, short = "kibana", rest
	}
	return filepath.Join("internal", folder, short+".go")
}
