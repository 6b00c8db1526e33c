package lifecycle

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// widget is a resource with one attribute of each sort.
type widget struct {
	Base
	AdditionalColumns
	Scope
	Secrets
	Adopted
	Name           types.String `tfsdk:"name"`
	Kind           types.String `tfsdk:"kind"`
	Color          types.String `tfsdk:"color"`
	Note           types.String `tfsdk:"note"`
	Number         types.String `tfsdk:"number"`
	AdoptExisting  types.Bool   `tfsdk:"adopt_existing"`
	TokenWO        types.String `tfsdk:"token_wo"`
	TokenWOVersion types.Int64  `tfsdk:"token_wo_version"`
	KeysWO         types.Map    `tfsdk:"keys_wo"`
	KeysWOVersion  types.Int64  `tfsdk:"keys_wo_version"`
}

func (m *widget) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("kind", &m.Kind),
		field.String("color", &m.Color),
		field.String("note", &m.Note),
		field.MovesWith(field.Computed(field.String("number", &m.Number)), &m.Name),
		field.Option(&m.AdoptExisting, func(o *record.Options) *bool { return &o.AdoptExisting }),
		field.RequiredSecret("token", &m.TokenWO, &m.TokenWOVersion),
		field.SecretMap("key.", &m.KeysWO, &m.KeysWOVersion),
	}
}

func (m *widget) Check(_ context.Context, report *Report) {
	if m.Color.ValueString() == "plaid" {
		report.Error(&m.Color, "Not a color", "Choose another one.")
	}
	if m.Color.ValueString() == "beige" {
		report.Warn(&m.Color, "A dull color", "Is that meant?")
	}
}

func widgetDefinition(store record.Store) Definition {
	text := func(a resourceschema.StringAttribute) resourceschema.StringAttribute {
		a.MarkdownDescription = "Text."
		return a
	}
	return Definition{
		Type: "widget", Table: "u_widget", Key: []string{"name"},
		Store: func(*Servers) record.Store { return store },
		Attributes: map[string]resourceschema.Attribute{
			"name": text(resourceschema.StringAttribute{Required: true}),
			"kind": text(resourceschema.StringAttribute{
				Optional: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			}),
			"color":  text(resourceschema.StringAttribute{Optional: true, Computed: true}),
			"note":   text(resourceschema.StringAttribute{Optional: true}),
			"number": text(resourceschema.StringAttribute{Computed: true}),
			"adopt_existing": resourceschema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			},
			"adopted":          resourceschema.BoolAttribute{Computed: true},
			"token_wo":         resourceschema.StringAttribute{},
			"token_wo_version": version,
			"keys_wo":          resourceschema.MapAttribute{ElementType: types.StringType},
			"keys_wo_version":  version,
		},
	}
}

// shelf is a store of widgets in memory, with the oddities of a real one.
type shelf struct {
	rows     map[string]record.Record
	secrets  map[string]string // by column, of whatever row was written last
	next     int
	calls    []string
	drops    []string // columns that an ACL drops
	lacks    []string // columns that the server does not have
	refuses  []string // secrets that are refused
	fails    error    // what every call meets
	halfWay  error    // what a create meets after it made the row
	adopts   bool     // creates take a row of the same name over
	warnings []string
	lost     []string
}

func (s *shelf) write(id string, want record.Write) (record.Answer, error) {
	if s.rows == nil {
		s.rows, s.secrets = map[string]record.Record{}, map[string]string{}
	}
	row, there := s.rows[id]
	values := map[string]any{"color": "red", "number": "W" + id}
	if there {
		values = maps.Clone(row.Values)
	}
	for column, value := range want.Values {
		if !slices.Contains(s.drops, column) {
			values[column] = record.Text(value)
		} else if values[column] == nil {
			values[column] = ""
		}
	}
	for _, column := range want.Columns {
		if strings.Contains(column, ".") && values[column] == nil {
			values[column] = "" // what a reference walks to
		}
	}
	for _, column := range s.lacks {
		delete(values, column)
	}
	values["number"] = "W" + record.Text(values["name"])
	revision, _ := strconv.Atoi(row.Revision)
	row = record.Record{ID: id, Revision: strconv.Itoa(revision + 1), Scope: "global", Values: values}
	if want.Scope != "" {
		row.Scope = want.Scope
	}
	s.rows[id] = row
	got := record.Answer{Record: row, Warnings: s.warnings}
	for _, column := range slices.Sorted(maps.Keys(want.SecretsToSend())) {
		if slices.Contains(s.refuses, column) {
			return got, fmt.Errorf("the secret %s was refused", column)
		}
		s.secrets[column] = want.Secrets[column].Value
		got.KeptSecrets = append(got.KeptSecrets, column)
	}
	return got, nil
}

func (s *shelf) Create(_ context.Context, want record.Write) (record.Answer, error) {
	s.calls = append(s.calls, "create "+columnsOf(want))
	if s.fails != nil {
		return record.Answer{}, s.fails
	}
	if want.AdoptExisting && s.adopts {
		for id, row := range s.rows {
			got, err := s.write(id, want)
			got.Found = map[string]string{"note": row.Text("note")}
			return got, err
		}
	}
	s.next++
	got, err := s.write(fmt.Sprintf("%032x", s.next), want)
	if s.halfWay != nil {
		return got, s.halfWay
	}
	return got, err
}

func (s *shelf) Read(_ context.Context, have record.Record, _ []string) (record.Answer, error) {
	s.calls = append(s.calls, "read")
	if s.fails != nil {
		return record.Answer{}, s.fails
	}
	row, ok := s.rows[have.ID]
	if !ok {
		return record.Answer{}, record.ErrNotFound
	}
	return record.Answer{Record: row, Warnings: s.warnings, LostSecrets: s.lost}, nil
}

func (s *shelf) Update(_ context.Context, have record.Record, want record.Write) (record.Answer, error) {
	changed := want
	changed.Values = record.ChangedValues(have, want.Record)
	s.calls = append(s.calls, "update "+columnsOf(changed))
	if s.fails != nil {
		return record.Answer{}, s.fails
	}
	return s.write(have.ID, changed)
}

func (s *shelf) Delete(_ context.Context, have record.Record, _ record.Options) ([]string, error) {
	call := "delete"
	if have.Found != nil {
		call = fmt.Sprintf("release %v", have.Found)
	}
	s.calls = append(s.calls, call)
	if s.fails != nil {
		return nil, s.fails
	}
	delete(s.rows, have.ID)
	return s.warnings, nil
}

func (s *shelf) Find(_ context.Context, match record.Match, _ []string, limit int) ([]record.Record, error) {
	if s.fails != nil {
		return nil, s.fails
	}
	var found []record.Record
	for _, id := range slices.Sorted(maps.Keys(s.rows)) {
		if s.rows[id].Text("name") == match.Values["name"] && len(found) < limit {
			found = append(found, s.rows[id])
		}
	}
	return found, nil
}

// columnsOf lists what a write sends.
func columnsOf(want record.Write) string {
	columns := slices.Sorted(maps.Keys(want.Values))
	for _, column := range slices.Sorted(maps.Keys(want.SecretsToSend())) {
		columns = append(columns, "*"+column)
	}
	return strings.Join(columns, ",")
}

func (s *shelf) called() string {
	calls := strings.Join(s.calls, "; ")
	s.calls = nil
	return calls
}

// stage serves one resource to the protocol, as Terraform would meet it.
type stage struct {
	t       *testing.T
	server  tfprotov6.ProviderServer
	kind    tftypes.Object
	state   tftypes.Value
	private []byte
	warned  string
	// replaced names the attributes for which the last plan replaces, computed those that the server may set.
	replaced, computed []string
	// places are where the errors of the last apply were reported.
	places []string
}

type oneResource struct {
	connection *Connection
	resource   func() resource.Resource
}

func (*oneResource) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "servicenow"
}

func (*oneResource) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{}
}

func (p *oneResource) Configure(
	_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse,
) {
	resp.ResourceData = p.connection
}

func (*oneResource) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (p *oneResource) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{p.resource}
}

func newStage(t *testing.T, connection *Connection, constructor func() resource.Resource) *stage {
	t.Helper()
	server := providerserver.NewProtocol6(&oneResource{connection, constructor})()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || failed(schemas.Diagnostics) != "" {
		t.Fatal(err, failed(schemas.Diagnostics))
	}
	empty := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
	config, err := tfprotov6.NewDynamicValue(empty, tftypes.NewValue(empty, map[string]tftypes.Value{}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &config})
	if err != nil {
		t.Fatal(err)
	}
	kind, ok := schemas.ResourceSchemas["servicenow_widget"].ValueType().(tftypes.Object)
	if !ok {
		t.Fatal("the resource is not an object")
	}
	s := &stage{t: t, server: server, kind: kind, state: tftypes.NewValue(kind, nil)}
	for _, attribute := range schemas.ResourceSchemas["servicenow_widget"].Block.Attributes {
		if attribute.Computed {
			s.computed = append(s.computed, attribute.Name)
		}
	}
	return s
}

func connected(detection SecretChangeDetection) *Connection {
	return &Connection{
		Servers: Servers{ServiceNow: &servicenowapi.Client{}}, SecretChangeDetection: detection,
	}
}

// object makes a configuration; what it does not name is null.
func (s *stage) object(attributes map[string]any) tftypes.Value {
	return objectOf(s.kind, attributes)
}

func objectOf(of tftypes.Object, attributes map[string]any) tftypes.Value {
	values := map[string]tftypes.Value{}
	for name, kind := range of.AttributeTypes {
		value, ok := attributes[name]
		m, isMap := value.(map[string]string)
		inner, isObject := value.(map[string]any)
		switch {
		case !ok:
			values[name] = tftypes.NewValue(kind, nil)
		case isObject:
			values[name] = objectOf(kind.(tftypes.Object), inner)
		case isMap:
			elements := map[string]tftypes.Value{}
			for key, element := range m {
				elements[key] = tftypes.NewValue(tftypes.String, element)
			}
			values[name] = tftypes.NewValue(kind, elements)
		default:
			values[name] = tftypes.NewValue(kind, value)
		}
	}
	return tftypes.NewValue(of, values)
}

func (s *stage) dynamic(v tftypes.Value) *tfprotov6.DynamicValue {
	s.t.Helper()
	d, err := tfprotov6.NewDynamicValue(s.kind, v)
	if err != nil {
		s.t.Fatal(err)
	}
	return &d
}

func (s *stage) value(d *tfprotov6.DynamicValue) tftypes.Value {
	s.t.Helper()
	if d == nil {
		return tftypes.NewValue(s.kind, nil)
	}
	v, err := d.Unmarshal(s.kind)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func failed(diags []*tfprotov6.Diagnostic) string {
	return texts(diags, tfprotov6.DiagnosticSeverityError)
}

func texts(diags []*tfprotov6.Diagnostic, severity tfprotov6.DiagnosticSeverity) string {
	var all []string
	for _, d := range diags {
		if d.Severity == severity {
			all = append(all, d.Summary+": "+d.Detail)
		}
	}
	return strings.Join(all, "\n")
}

// plan proposes what Terraform would, and returns the planned object with the errors.
func (s *stage) plan(attributes map[string]any) (planned tftypes.Value, private []byte, errs string) {
	s.t.Helper()
	config := s.object(attributes)
	validated, err := s.server.ValidateResourceConfig(s.t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: "servicenow_widget", Config: s.dynamic(config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.warned = texts(validated.Diagnostics, tfprotov6.DiagnosticSeverityWarning)
	if errs := failed(validated.Diagnostics); errs != "" {
		return tftypes.Value{}, nil, errs
	}
	resp, err := s.server.PlanResourceChange(s.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: "servicenow_widget", PriorState: s.dynamic(s.state), ProposedNewState: s.dynamic(s.proposed(config)),
		Config: s.dynamic(config), PriorPrivate: s.private,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.warned += texts(resp.Diagnostics, tfprotov6.DiagnosticSeverityWarning)
	s.replaced = nil
	for _, at := range resp.RequiresReplace {
		s.replaced = append(s.replaced, placeOf(at))
	}
	if errs := failed(resp.Diagnostics); errs != "" {
		return tftypes.Value{}, nil, errs
	}
	return s.value(resp.PlannedState), resp.PlannedPrivate, ""
}

// proposed keeps computed values that are not configured, as Terraform does, and nulls what is write-only.
func (s *stage) proposed(config tftypes.Value) tftypes.Value {
	s.t.Helper()
	values, before := s.attributes(config), s.attributes(s.state)
	for _, name := range s.computed {
		if values[name].IsNull() && before != nil {
			values[name] = before[name]
		}
	}
	proposed, err := tftypes.Transform(tftypes.NewValue(s.kind, values),
		func(at *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
			if name, ok := at.LastStep().(tftypes.AttributeName); ok && strings.HasSuffix(string(name), "_wo") {
				return tftypes.NewValue(value.Type(), nil), nil
			}
			return value, nil
		})
	if err != nil {
		s.t.Fatal(err)
	}
	return proposed
}

func (s *stage) attributes(v tftypes.Value) map[string]tftypes.Value {
	s.t.Helper()
	if v.IsNull() {
		return nil
	}
	var values map[string]tftypes.Value
	if err := v.As(&values); err != nil {
		s.t.Fatal(err)
	}
	return maps.Clone(values) // As hands out the value's own map
}

// apply plans and applies a configuration, and returns the errors. It fails the test where Terraform would report an
// inconsistent result.
func (s *stage) apply(attributes map[string]any) string {
	s.t.Helper()
	return s.applyKnowing(attributes, attributes)
}

// applyKnowing plans a configuration of which some is not known, and applies what it turns out to be.
func (s *stage) applyKnowing(atPlan, attributes map[string]any) string {
	s.t.Helper()
	planned, private, errs := s.plan(atPlan)
	if errs != "" {
		return errs
	}
	warned := s.warned
	if planned.Equal(s.state) {
		return ""
	}
	resp, err := s.server.ApplyResourceChange(s.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: "servicenow_widget", PriorState: s.dynamic(s.state), PlannedState: s.dynamic(planned),
		Config: s.dynamic(s.object(attributes)), PlannedPrivate: private,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.warned = warned + texts(resp.Diagnostics, tfprotov6.DiagnosticSeverityWarning)
	s.state, s.private = s.value(resp.NewState), resp.Private
	errs, s.places = failed(resp.Diagnostics), nil
	for _, d := range resp.Diagnostics {
		if d.Attribute != nil {
			s.places = append(s.places, placeOf(d.Attribute))
		}
	}
	if after := s.attributes(s.state); errs == "" {
		for name, value := range s.attributes(planned) {
			if value.IsFullyKnown() && !value.Equal(after[name]) {
				s.t.Errorf("inconsistent result after apply: %s was planned as %v and is %v", name, value, after[name])
			}
		}
	}
	return errs
}

// placeOf shows a place as configurations write it.
func placeOf(at *tftypes.AttributePath) string {
	var steps []string
	for _, step := range at.Steps() {
		steps = append(steps, fmt.Sprint(step))
	}
	return strings.Join(steps, ".")
}

// planDestroy plans the end of what the state holds, and returns the errors.
func (s *stage) planDestroy() string {
	s.t.Helper()
	none := s.dynamic(tftypes.NewValue(s.kind, nil))
	resp, err := s.server.PlanResourceChange(s.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: "servicenow_widget", PriorState: s.dynamic(s.state), ProposedNewState: none, Config: none,
		PriorPrivate: s.private,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.warned = texts(resp.Diagnostics, tfprotov6.DiagnosticSeverityWarning)
	return failed(resp.Diagnostics)
}

func (s *stage) refresh() string {
	s.t.Helper()
	resp, err := s.server.ReadResource(s.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: "servicenow_widget", CurrentState: s.dynamic(s.state), Private: s.private,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.warned = texts(resp.Diagnostics, tfprotov6.DiagnosticSeverityWarning)
	if errs := failed(resp.Diagnostics); errs != "" {
		return errs
	}
	s.state, s.private = s.value(resp.NewState), resp.Private
	return ""
}

func (s *stage) destroy() string {
	s.t.Helper()
	resp, err := s.server.ApplyResourceChange(s.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: "servicenow_widget", PriorState: s.dynamic(s.state),
		PlannedState: s.dynamic(tftypes.NewValue(s.kind, nil)), Config: s.dynamic(tftypes.NewValue(s.kind, nil)),
		PlannedPrivate: s.private,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.warned = texts(resp.Diagnostics, tfprotov6.DiagnosticSeverityWarning)
	s.state = s.value(resp.NewState)
	return failed(resp.Diagnostics)
}

func (s *stage) importAs(id string) string {
	s.t.Helper()
	resp, err := s.server.ImportResourceState(s.t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: "servicenow_widget", ID: id,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if errs := failed(resp.Diagnostics); errs != "" {
		return errs
	}
	s.state, s.private = s.value(resp.ImportedResources[0].State), resp.ImportedResources[0].Private
	return s.refresh()
}

// text reads one attribute of the state; "<null>" and "<unknown>" for what has no text.
func (s *stage) text(name string) string { return s.textOf(s.state, name) }

func (s *stage) textOf(object tftypes.Value, name string) string {
	s.t.Helper()
	value := s.attributes(object)[name]
	switch {
	case value.IsNull():
		return "<null>"
	case !value.IsKnown():
		return "<unknown>"
	}
	var text string
	var flag bool
	if value.As(&text) != nil {
		if err := value.As(&flag); err != nil {
			s.t.Fatal(err)
		}
		return strconv.FormatBool(flag)
	}
	return text
}

// version is the attribute that says when a secret is sent again.
var version = resourceschema.Int64Attribute{Optional: true}
