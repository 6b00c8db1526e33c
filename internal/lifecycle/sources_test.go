package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"
	actionschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// sources serves what is not a resource.
type sources struct {
	oneResource
	data      func() datasource.DataSource
	ephemeral func() ephemeral.EphemeralResource
	action    func() action.Action
}

func (p *sources) Configure(
	_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse,
) {
	resp.DataSourceData, resp.EphemeralResourceData, resp.ActionData = p.connection, p.connection, p.connection
}

func (p *sources) Resources(context.Context) []func() resource.Resource { return nil }

func (p *sources) DataSources(context.Context) []func() datasource.DataSource {
	if p.data == nil {
		return nil
	}
	return []func() datasource.DataSource{p.data}
}

func (p *sources) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	if p.ephemeral == nil {
		return nil
	}
	return []func() ephemeral.EphemeralResource{p.ephemeral}
}

func (p *sources) Actions(context.Context) []func() action.Action {
	if p.action == nil {
		return nil
	}
	return []func() action.Action{p.action}
}

type sourceServer struct {
	t      *testing.T
	server tfprotov6.ProviderServer
	kind   tftypes.Object
}

func serve(t *testing.T, p *sources) *sourceServer {
	t.Helper()
	s := &sourceServer{t: t, server: providerserver.NewProtocol6(p)()}
	schemas, err := s.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || failed(schemas.Diagnostics) != "" {
		t.Fatal(err, failed(schemas.Diagnostics))
	}
	kinds := map[string]*tfprotov6.Schema{}
	for _, served := range []map[string]*tfprotov6.Schema{schemas.DataSourceSchemas, schemas.EphemeralResourceSchemas} {
		for name, schema := range served {
			kinds[name] = schema
		}
	}
	for name, schema := range schemas.ActionSchemas {
		kinds[name] = schema.Schema
	}
	if len(kinds) != 1 || kinds["servicenow_widget"] == nil {
		t.Fatalf("served %v", kinds)
	}
	s.kind = kinds["servicenow_widget"].ValueType().(tftypes.Object)
	empty := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
	config, err := tfprotov6.NewDynamicValue(empty, tftypes.NewValue(empty, map[string]tftypes.Value{}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &config})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *sourceServer) config(attributes map[string]any) *tfprotov6.DynamicValue {
	s.t.Helper()
	values := map[string]tftypes.Value{}
	for name, kind := range s.kind.AttributeTypes {
		values[name] = tftypes.NewValue(kind, attributes[name])
	}
	d, err := tfprotov6.NewDynamicValue(s.kind, tftypes.NewValue(s.kind, values))
	if err != nil {
		s.t.Fatal(err)
	}
	return &d
}

// text reads one attribute of a result.
func (s *sourceServer) text(result *tfprotov6.DynamicValue, name string) string {
	s.t.Helper()
	value, err := result.Unmarshal(s.kind)
	if err != nil {
		s.t.Fatal(err)
	}
	var values map[string]tftypes.Value
	var text string
	if err := value.As(&values); err != nil {
		s.t.Fatal(err)
	}
	if err := values[name].As(&text); err != nil {
		s.t.Fatal(err)
	}
	return text
}

func (s *sourceServer) read(attributes map[string]any) (*tfprotov6.DynamicValue, string) {
	s.t.Helper()
	validated, err := s.server.ValidateDataResourceConfig(s.t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: "servicenow_widget", Config: s.config(attributes),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if errs := failed(validated.Diagnostics); errs != "" {
		return nil, errs
	}
	resp, err := s.server.ReadDataSource(s.t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: "servicenow_widget", Config: s.config(attributes),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.State, failed(resp.Diagnostics)
}

func (s *sourceServer) fails(errs, want string) {
	s.t.Helper()
	if !strings.Contains(errs, want) {
		s.t.Errorf("the errors are %q, which lack %q", errs, want)
	}
}

type widgetData struct {
	Found
	Name  types.String `tfsdk:"name"`
	Email types.String `tfsdk:"email"`
}

func (m *widgetData) Fields() []field.Field {
	return []field.Field{field.String("name", &m.Name), field.String("email", &m.Email)}
}

// catalog answers look-ups and searches from a list.
type catalog struct {
	rows []record.Record
	err  error
}

func (c catalog) Find(_ context.Context, match record.Match, _ []string, _ int) ([]record.Record, error) {
	var found []record.Record
	for _, row := range c.rows {
		for column, value := range match.Values {
			if row.Text(column) == value {
				found = append(found, row)
			}
		}
	}
	return found, c.err
}

func (c catalog) Query(_ context.Context, _ string, _ []string, _ int) ([]record.Record, error) {
	return c.rows, c.err
}

// TestLookups finds one record, and says what there is where it does not.
func TestLookups(t *testing.T) {
	t.Parallel()
	row := func(id, name, email string) record.Record {
		return record.Record{ID: id, Values: map[string]any{"name": name, "email": email, "sys_id": id}}
	}
	look := func(c catalog) *sourceServer {
		text := dataschema.StringAttribute{Optional: true, Computed: true}
		return serve(t, &sources{
			oneResource: oneResource{connection: connected(DetectByDigest)},
			data: NewLookup[widgetData](Lookup{
				Type: "widget", Table: "u_widget", Keys: []string{"name", "email"},
				Attributes: map[string]dataschema.Attribute{"name": text, "email": text},
				Store:      func(*Servers) record.Finder { return c },
			}),
		})
	}
	s := look(catalog{rows: []record.Record{
		row("1", "elastic user", "a@example.com"), row("2", "twin", "b@example.com"), row("3", "twin", "c@example.com"),
	}})
	state, errs := s.read(map[string]any{"name": "elastic user"})
	if errs != "" || s.text(state, "id") != "1" || s.text(state, "email") != "a@example.com" {
		t.Errorf("read %v: %s", state, errs)
	}
	for _, test := range []struct {
		config map[string]any
		want   string
	}{
		{map[string]any{"name": "twin"}, `Several records of u_widget have name = "twin"`},
		{map[string]any{"name": "Elastic admin"}, `elastic user`},
		{map[string]any{"name": "none"}, `No record of u_widget has name = "none"`},
		{map[string]any{}, "Exactly one of name and email must be set"},
		{map[string]any{"name": "a", "email": "b"}, "Exactly one of name and email must be set"},
		{map[string]any{"name": ""}, "Nothing can be found by an empty value"},
		{map[string]any{"name": "a^b"}, "holds the character ^"},
		{map[string]any{"name": "javascript:gs.log()"}, "would run as a script"},
	} {
		_, errs := s.read(test.config)
		s.fails(errs, test.want)
	}
	refused := look(catalog{err: &rest.Error{Method: "GET", Path: "/x", Status: http.StatusUnauthorized, Message: "no"}})
	_, errs = refused.read(map[string]any{"name": "a"})
	refused.fails(errs, "does not accept the provider's credentials")
}

type widgetReader struct {
	Name types.String `tfsdk:"name"`
}

func (m *widgetReader) Read(context.Context, *Servers) error {
	if m.Name.ValueString() == "broken" {
		return errors.New("it is broken")
	}
	m.Name = types.StringValue("read " + m.Name.ValueString())
	return nil
}

// TestReaders fills a model, and reports why it could not.
func TestReaders(t *testing.T) {
	t.Parallel()
	reader := NewReader[widgetReader](Reader{
		Type: "widget", Server: ServiceNow,
		Attributes: map[string]dataschema.Attribute{"name": dataschema.StringAttribute{Required: true}},
	})
	s := serve(t, &sources{oneResource: oneResource{connection: connected(DetectByDigest)}, data: reader})
	state, errs := s.read(map[string]any{"name": "one"})
	if errs != "" || s.text(state, "name") != "read one" {
		t.Errorf("read %s", errs)
	}
	_, errs = s.read(map[string]any{"name": "broken"})
	s.fails(errs, "Cannot read data.servicenow_widget: it is broken.")
	alone := serve(t, &sources{oneResource: oneResource{connection: &Connection{}}, data: reader})
	_, errs = alone.read(map[string]any{"name": "one"})
	alone.fails(errs, "No connection to ServiceNow")
}

type widgetToken struct {
	Password types.String `tfsdk:"password"`
	Key      types.String `tfsdk:"key"`
}

func (m *widgetToken) Open(context.Context, *Servers) error {
	if m.Password.ValueString() == "wrong" {
		return errors.New("refused")
	}
	return nil
}

// TestEphemerals demands exactly one of several attributes, and opens.
func TestEphemerals(t *testing.T) {
	t.Parallel()
	s := serve(t, &sources{
		oneResource: oneResource{connection: connected(DetectByDigest)},
		ephemeral: func() ephemeral.EphemeralResource {
			text := ephemeralschema.StringAttribute{Optional: true}
			return NewEphemeral[widgetToken](Ephemeral{
				Type: "widget", OneOf: []string{"password", "key"},
				Attributes: map[string]ephemeralschema.Attribute{"password": text, "key": text},
			})
		},
	})
	open := func(attributes map[string]any) string {
		validated, err := s.server.ValidateEphemeralResourceConfig(t.Context(),
			&tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: "servicenow_widget", Config: s.config(attributes)})
		if err != nil {
			t.Fatal(err)
		}
		if errs := failed(validated.Diagnostics); errs != "" {
			return errs
		}
		resp, err := s.server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
			TypeName: "servicenow_widget", Config: s.config(attributes),
		})
		if err != nil {
			t.Fatal(err)
		}
		return failed(resp.Diagnostics)
	}
	if errs := open(map[string]any{"password": "right"}); errs != "" {
		t.Error(errs)
	}
	s.fails(open(map[string]any{"password": "wrong"}), "refused")
	s.fails(open(map[string]any{}), "exactly one of password, key")
	s.fails(open(map[string]any{"password": "a", "key": "b"}), "exactly one of password, key")
}

type widgetRun struct {
	Name types.String `tfsdk:"name"`
}

func (m *widgetRun) Check(_ context.Context, report *Report) {
	if m.Name.ValueString() == "bad" {
		report.Error(nil, "A bad name", "Choose another one.")
	}
}

func (m *widgetRun) Invoke(_ context.Context, _ *Servers, progress func(string)) error {
	progress("working on " + m.Name.ValueString())
	if m.Name.ValueString() == "broken" {
		return errors.New("it is broken")
	}
	return nil
}

// TestActions checks, runs and reports.
func TestActions(t *testing.T) {
	t.Parallel()
	connection := connected(DetectByDigest)
	connection.Redactor = rest.NewRedactor()
	connection.Redactor.Add("canary")
	s := serve(t, &sources{
		oneResource: oneResource{connection: connection},
		action: NewAction[widgetRun](Action{
			Type:       "widget",
			Attributes: map[string]actionschema.Attribute{"name": actionschema.StringAttribute{Required: true}},
		}),
	})
	server, ok := s.server.(tfprotov6.ProviderServerWithActions) //nolint:staticcheck // part of ProviderServer later
	if !ok {
		t.Fatal("no actions are served")
	}
	invoke := func(name string) string {
		validated, err := server.ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{
			ActionType: "servicenow_widget", Config: s.config(map[string]any{"name": name}),
		})
		if err != nil {
			t.Fatal(err)
		}
		if errs := failed(validated.Diagnostics); errs != "" {
			return errs
		}
		stream, err := server.InvokeAction(t.Context(), &tfprotov6.InvokeActionRequest{
			ActionType: "servicenow_widget", Config: s.config(map[string]any{"name": name}),
		})
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for event := range stream.Events {
			switch e := event.Type.(type) {
			case tfprotov6.ProgressInvokeActionEventType:
				said = append(said, e.Message)
			case tfprotov6.CompletedInvokeActionEventType:
				said = append(said, failed(e.Diagnostics))
			}
		}
		return strings.Join(said, "; ")
	}
	if said := invoke("one"); said != "working on one; " {
		t.Errorf("said %q", said)
	}
	s.fails(invoke("canary"), "working on [redacted]")
	s.fails(invoke("broken"), "Cannot run action.servicenow_widget: it is broken.")
	s.fails(invoke("bad"), "A bad name")
}

// TestHints says what to do about what a server says.
func TestHints(t *testing.T) {
	t.Parallel()
	answer := func(status int, message string) error {
		return fmt.Errorf("writing: %w", &rest.Error{Method: "POST", Path: "/x", Status: status, Message: message})
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{answer(http.StatusForbidden, "Access to unscoped api is not allowed"), "Broadly scoped"},
		{answer(http.StatusForbidden, "Missing required api access scope: incidents"), "auth_scope_ids"},
		{answer(http.StatusForbidden, "refused by WebServicePolicyValidator"), "web services"},
		{answer(http.StatusForbidden, "needs snc_platform_rest_api_access"), "Grant it"},
		{answer(http.StatusForbidden, "Operation against file 'sys_user' was aborted by Business Rule 'x'"), "business rule"},
		{answer(http.StatusForbidden, "no words that are known"), "may not do this"},
		{answer(http.StatusUnauthorized, "Required to provide Auth information"), "snc_basic_auth_api_access"},
		{answer(http.StatusUnauthorized, "no"), "does not accept the provider's credentials"},
		{
			&rest.Error{Status: http.StatusUnauthorized, Asked: rest.KindKibana, Message: "security_exception"},
			"Kibana does not accept the provider's credentials",
		},
		{
			&rest.Error{Status: http.StatusUnauthorized, Asked: rest.KindServiceNow, Login: "an API key", Message: "no"},
			"maps an API key profile to this API",
		},
		{answer(http.StatusBadRequest, "Data Policy Exception: x is mandatory"), "additional_columns"},
		{answer(http.StatusBadRequest, "Invalid table u_x"), "not installed"},
		{answer(http.StatusTooManyRequests, "slow down"), "requests_per_second"},
		{record.ErrHidden, "Give the provider's account a role"},
		{context.DeadlineExceeded, "timeouts attribute"},
		{errors.New("odd"), ""},
	} {
		if got := hint(test.err, Needs{}); !strings.Contains(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%v: %q lacks %q", test.err, got, test.want)
		}
	}
}

// TestMissingTableIsNamedByItsOrigin holds that a table which is not there comes with what brings it.
func TestMissingTableIsNamedByItsOrigin(t *testing.T) {
	t.Parallel()
	err := &rest.Error{Method: "POST", Path: "/x", Status: http.StatusBadRequest, Message: "Invalid table x"}
	for want, needs := range map[string]Needs{
		"the plugin com.example.x, which": {Plugin: "com.example.x"},
		"the application x_app, which":    {Application: "x_app"},
	} {
		if got := hint(err, needs); !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

// TestFailedConnectionIsToldOnce explains a failure of the connection in full once, and refers to it afterwards.
func TestFailedConnectionIsToldOnce(t *testing.T) {
	t.Parallel()
	c := &Connection{Servers: Servers{ServiceNow: &servicenowapi.Client{}}}
	refused := func(path string) error {
		return &rest.Error{Method: "GET", Path: path, Message: "connection refused", Detail: "check the URL's host and port"}
	}
	if first := c.explain(refused("/a"), Needs{}); !strings.Contains(first, "check the URL") {
		t.Errorf("said %q", first)
	}
	second := c.explain(refused("/b"), Needs{})
	if !strings.Contains(second, "as reported for another resource") || strings.Contains(second, "check the URL") {
		t.Errorf("said %q", second)
	}
	for said, want := range map[string]string{
		"odd": "odd.", "It is odd.": "It is odd.", "it was cut…": "it was cut…",
	} {
		if got := c.explain(errors.New(said), Needs{}); got != want {
			t.Errorf("%q is explained as %q, want %q", said, got, want)
		}
	}
}
