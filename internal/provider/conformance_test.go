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

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// Each test below holds one convention over everything that the provider serves. The message of a failure says what to
// do about it.

const root = "../.."

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
				t.Errorf("%s.%s: the description must be a sentence of 12 characters or more and end with a full stop: %q",
					e.name, name, d)
			}
		}
		for name, a := range e.attributes {
			if e.kind == "resources" && a.IsOptional() && a.IsComputed() &&
				!strings.Contains(a.GetMarkdownDescription(), "Default: ") {
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

// secretName is what an attribute that holds a secret is called, elsewhere than in a resource.
var secretName = regexp.MustCompile(`(^|[._])(password|secret|token|bearer_token|api_key|private_key|credentials)$`)

// TestSecretsElsewhere holds that what actions take as a secret is served as write-only, and that data sources and
// ephemeral resources mark theirs as sensitive.
func TestSecretsElsewhere(t *testing.T) {
	t.Parallel()
	for _, e := range served(t) {
		for _, name := range e.secrets {
			if e.attributes[name] == nil {
				t.Errorf("%s: %s is served as write-only and is no attribute", e.name, name)
			}
		}
		for name, a := range e.attributes {
			_, text := a.(interface{ StringValidators() []validator.String })
			secret := text && secretName.MatchString(name)
			switch e.kind {
			case "actions":
				if secret != slices.Contains(e.secrets, name) || a.IsSensitive() {
					t.Errorf("%s.%s: a secret of an action is named in WriteOnly, and nothing else is", e.name, name)
				}
			case "data-sources", "ephemeral-resources":
				if secret && !a.IsSensitive() || a.IsWriteOnly() {
					t.Errorf("%s.%s: a secret is sensitive", e.name, name)
				}
			case "list-resources":
				if secret || a.IsSensitive() {
					t.Errorf("%s.%s: a list takes no secrets", e.name, name)
				}
			}
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

// descriptionsOf are what the validators of an attribute of any schema and type say.
func descriptionsOf(t *testing.T, a attribute) []string {
	t.Helper()
	var all []string
	add := func(v validator.Describer) { all = append(all, v.Description(t.Context())) }
	if s, ok := a.(interface{ StringValidators() []validator.String }); ok {
		for _, v := range s.StringValidators() {
			add(v)
		}
	}
	if s, ok := a.(interface{ SetValidators() []validator.Set }); ok {
		for _, v := range s.SetValidators() {
			add(v)
		}
	}
	if s, ok := a.(interface{ ListValidators() []validator.List }); ok {
		for _, v := range s.ListValidators() {
			add(v)
		}
	}
	if s, ok := a.(interface{ MapValidators() []validator.Map }); ok {
		for _, v := range s.MapValidators() {
			add(v)
		}
	}
	return all
}

func TestReferencesHoldSysIDs(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, e := range served(t) {
		for name, a := range e.attributes {
			configured := a.IsRequired() || a.IsOptional()
			reference := strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_ids")
			if !reference || !configured || elsewhere.MatchString(strings.TrimSuffix(name, "s")) {
				continue
			}
			checked++
			if !slices.ContainsFunc(descriptionsOf(t, a), func(text string) bool { return strings.Contains(text, "sys_id") }) {
				t.Errorf("%s %s.%s: a reference needs the validator lifecycle.SysID", e.kind, e.name, name)
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d references are found", checked)
	}
}

// TestEmptyValuesAreRefused holds that no resource takes "" or [], which servers read back as nothing.
func TestEmptyValuesAreRefused(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		definition, _, _ := lifecycle.Inspect(e.resource)
		for name, a := range e.attributes {
			_, text := a.(interface{ StringValidators() []validator.String })
			_, set := a.(interface{ SetValidators() []validator.Set })
			_, list := a.(interface{ ListValidators() []validator.List })
			_, entries := a.(interface{ MapValidators() []validator.Map })
			configured := a.IsRequired() || a.IsOptional()
			if !configured || !text && !set && !list && !entries || strings.HasPrefix(name, "timeouts.") ||
				slices.Contains(definition.MayBeEmpty, name) {
				continue
			}
			checked++
			if !slices.ContainsFunc(descriptionsOf(t, a), func(text string) bool {
				return strings.HasPrefix(text, "must not be empty")
			}) {
				t.Errorf("%s.%s: an empty value is accepted", e.name, name)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d attributes are found", checked)
	}
}

func TestEverythingHasItsFiles(t *testing.T) {
	t.Parallel()
	example := map[string]string{
		"resources": "resource.tf", "data-sources": "data-source.tf", "ephemeral-resources": "ephemeral-resource.tf",
		"functions": "function.tf", "list-resources": "list-resource.tfquery.hcl", "actions": "action.tf",
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
				t.Errorf("%s has no %s (pages below docs come from make generate)", e.name, file)
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

// otherKinds end the names of files of what is no resource.
var otherKinds = []string{"_data.go", "_function.go", "_functions.go", "_action.go", "_token.go", "_test.go"}

// filesOf lists the files of each resource with their lengths: the one of its name, and those whose names continue it,
// such as the one of its store. A file that continues the names of several resources is the longest one's.
func filesOf(t *testing.T, folder string, resources []string) map[string]map[string]int {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "internal", folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]map[string]int{}
	for _, path := range paths {
		name := filepath.Base(path)
		if slices.ContainsFunc(otherKinds, func(end string) bool { return strings.HasSuffix(name, end) }) {
			continue
		}
		owner := ""
		for _, short := range resources {
			if len(short) > len(owner) && (name == short+".go" || strings.HasPrefix(name, short+"_")) {
				owner = short
			}
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if files[owner] == nil {
			files[owner] = map[string]int{}
		}
		files[owner][name] = strings.Count(string(content), "\n")
	}
	return files
}

// TestResourcesStaySmall counts every file of a resource: the one of its name, and those that continue it.
func TestResourcesStaySmall(t *testing.T) {
	t.Parallel()
	const (
		mostOfAny = 460 // of a store
		mostOfAll = 800
		mostFiles = 4
	)
	resources := map[string][]string{}
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		short := strings.TrimPrefix(e.name, "servicenow_")
		if rest, ok := strings.CutPrefix(short, "kibana_"); ok {
			resources["kibana"] = append(resources["kibana"], rest)
			continue
		}
		resources["servicenow"] = append(resources["servicenow"], short)
	}
	var totals []int
	for folder, names := range resources {
		files := filesOf(t, folder, names)
		for owner, lengths := range files {
			total := 0
			for name, lines := range lengths {
				total += lines
				if lines > mostOfAny {
					t.Errorf("%s/%s has %d lines; more than %d hide a second concern", folder, name, lines, mostOfAny)
				}
			}
			if owner == "" {
				continue // what several resources share
			}
			totals = append(totals, total)
			if total > mostOfAll || len(lengths) > mostFiles {
				t.Errorf("%s/%s.go has %d lines with the files that continue it: %v; at most %d lines and %d files are meant",
					folder, owner, total, lengths, mostOfAll, mostFiles)
			}
		}
		for _, name := range names {
			if files[name] == nil {
				t.Errorf("%s has no file %s/%[1]s.go", name, folder)
			}
		}
	}
	slices.Sort(totals)
	if median := totals[len(totals)/2]; median > 150 {
		t.Errorf("the median resource has %d lines; at most 150 are meant", median)
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
