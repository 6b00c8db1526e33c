package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest/resttest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// listedResource is a provider of one resource and its list.
type listedResource struct{ oneResource }

func (p *listedResource) Configure(
	ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse,
) {
	p.oneResource.Configure(ctx, req, resp)
	resp.ListResourceData = p.connection
}

func (p *listedResource) ListResources(context.Context) []func() list.ListResource {
	made, ok := ListOf(p.resource())
	if !ok {
		return nil
	}
	return []func() list.ListResource{made}
}

// lists serves a resource's list to the protocol.
type lists struct {
	t                        *testing.T
	server                   tfprotov6.ProviderServer
	config, object, identity tftypes.Object
}

func listsOf(t *testing.T, connection *Connection, constructor func() resource.Resource) *lists {
	t.Helper()
	server := providerserver.NewProtocol6(&listedResource{oneResource{connection, constructor}})()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || failed(schemas.Diagnostics) != "" {
		t.Fatal(err, failed(schemas.Diagnostics))
	}
	identities, err := server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil || failed(identities.Diagnostics) != "" {
		t.Fatal(err, failed(identities.Diagnostics))
	}
	empty := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
	config, err := tfprotov6.NewDynamicValue(empty, tftypes.NewValue(empty, map[string]tftypes.Value{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &config}); err != nil {
		t.Fatal(err)
	}
	if len(schemas.ListResourceSchemas) != 1 {
		t.Fatalf("%d lists are served", len(schemas.ListResourceSchemas))
	}
	const name = "servicenow_widget"
	return &lists{
		t, server, schemas.ListResourceSchemas[name].ValueType().(tftypes.Object),
		schemas.ResourceSchemas[name].ValueType().(tftypes.Object),
		identities.IdentitySchemas[name].ValueType().(tftypes.Object),
	}
}

// entry is one result, as texts.
type entry struct{ name, id, identity, note, fault string }

// list runs the list; stop ends it after that many results, as Terraform does that wants no more.
func (l *lists) list(block map[string]any, limit int64, stop int) []entry {
	l.t.Helper()
	values := map[string]tftypes.Value{}
	for name, kind := range l.config.AttributeTypes {
		values[name] = tftypes.NewValue(kind, nil)
		switch value := block[name].(type) {
		case nil:
		case []string:
			items := make([]tftypes.Value, len(value))
			for i, item := range value {
				items[i] = tftypes.NewValue(tftypes.String, item)
			}
			values[name] = tftypes.NewValue(kind, items)
		default:
			values[name] = tftypes.NewValue(kind, value)
		}
	}
	config, err := tfprotov6.NewDynamicValue(l.config, tftypes.NewValue(l.config, values))
	if err != nil {
		l.t.Fatal(err)
	}
	stream, err := l.server.(tfprotov6.ListResourceServer).ListResource(l.t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: "servicenow_widget", Config: &config, IncludeResource: true, Limit: limit,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	var results []entry
	for result := range stream.Results {
		results = append(results, l.shown(result))
		if len(results) == stop {
			break
		}
	}
	return results
}

func (l *lists) shown(result tfprotov6.ListResourceResult) entry {
	l.t.Helper()
	shown := entry{name: result.DisplayName, fault: failed(result.Diagnostics)}
	if result.Identity != nil && result.Identity.IdentityData != nil {
		identity, err := result.Identity.IdentityData.Unmarshal(l.identity)
		if err != nil {
			l.t.Fatal(err)
		}
		shown.identity = flat(l.t, identity)
	}
	if result.Resource != nil {
		object, err := result.Resource.Unmarshal(l.object)
		var values map[string]tftypes.Value
		if err == nil {
			err = object.As(&values)
		}
		if err != nil {
			l.t.Fatal(err)
		}
		_ = values["id"].As(&shown.id)
		var note *string
		if err := values["note"].As(&note); err != nil {
			l.t.Fatal(err)
		}
		if note != nil {
			shown.note = *note
		}
	}
	return shown
}

// flat shows an object as its texts by name, null ones left out.
func flat(t *testing.T, object tftypes.Value) string {
	t.Helper()
	var values map[string]tftypes.Value
	if err := object.As(&values); err != nil {
		t.Fatal(err)
	}
	var parts []string
	for name, value := range values {
		var text string
		var items []tftypes.Value
		switch {
		case value.IsNull():
			continue
		case value.As(&text) == nil:
		case value.As(&items) == nil:
			for _, item := range items {
				var word string
				if err := item.As(&word); err != nil {
					t.Fatal(err)
				}
				text += word + ";"
			}
		}
		parts = append(parts, name+"="+text)
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// library is a shelf whose rows can be listed.
type library struct {
	shelf
	queries []string
	columns []string
	err     error
}

func (s *library) Each(
	_ context.Context, query string, columns []string, limit int, do func(record.Record) error,
) (int, error) {
	s.queries, s.columns = append(s.queries, query), columns
	for i, id := range slices.Sorted(slices.Values(keysOf(s.rows))) {
		if limit > 0 && i == limit {
			break
		}
		if err := do(s.rows[id]); err != nil {
			return 0, err
		}
	}
	return 0, s.err
}

func keysOf(rows map[string]record.Record) []string {
	var ids []string
	for id := range rows {
		ids = append(ids, id)
	}
	return ids
}

func filledLibrary(n int) *library {
	s := &library{shelf: shelf{rows: map[string]record.Record{}}}
	for i := range n {
		id := fmt.Sprintf("%032x", i+1)
		s.rows[id] = record.Record{ID: id, Scope: "global", Values: map[string]any{
			"name": "n" + strconv.Itoa(i), "note": "note " + strconv.Itoa(i), "color": "red", "kind": "", "number": "W",
			"owner": "o" + strconv.Itoa(i), "owner.name": "",
		}}
	}
	return s
}

// TestLists shows each record with its name, identity and attributes, as its import would read them.
func TestLists(t *testing.T) {
	t.Parallel()
	store := filledLibrary(3)
	d := widgetDefinition(store)
	d.LeftOut = LeftOut{Query: "kind!=inner", Attribute: "include_inner", Description: "Lists inner ones too."}
	l := listsOf(t, connected(DetectByDigest), New[widget](d))
	one := entry{name: "n0", id: fmt.Sprintf("%032x", 1), identity: "id=" + fmt.Sprintf("%032x", 1), note: "note 0"}
	got := l.list(nil, 1, 0)
	if len(got) != 1 || got[0] != one {
		t.Errorf("listed %+v", got)
	}
	for _, column := range []string{"name", "note", "sys_scope"} {
		if !slices.Contains(store.columns, column) {
			t.Errorf("the column %s is not asked for: %v", column, store.columns)
		}
	}
	if all := l.list(nil, 0, 0); len(all) != 3 || all[2].name != "n2" {
		t.Errorf("listed %+v", all)
	}
	if two := l.list(nil, 0, 2); len(two) != 2 {
		t.Errorf("%d results of a list that was stopped after two", len(two))
	}
	store.queries = nil
	l.list(map[string]any{"query": "color=red"}, 0, 0)
	l.list(map[string]any{"query": "color=red^NQcolor=blue"}, 0, 0)
	l.list(map[string]any{"query": "color=red", "include_inner": true}, 0, 0)
	want := []string{
		"color=red^kind!=inner", "color=red^kind!=inner^NQcolor=blue^kind!=inner", "color=red",
	}
	if diff := cmp.Diff(want, store.queries); diff != "" {
		t.Error(diff)
	}
	if got := l.list(map[string]any{"query": "color=blue", "include_inner": true}, 0, 0); len(got) != 1 ||
		!strings.Contains(got[0].fault, "ServiceNow dropped that term") {
		t.Errorf("a dropped term lists %+v", got)
	}
	store.err = errors.New("the last page is lost")
	if got := l.list(nil, 0, 0); len(got) != 4 || !strings.Contains(got[3].fault, "Cannot list servicenow_widget: ") {
		t.Errorf("listed %+v", got)
	}
	alone := listsOf(t, &Connection{}, New[widget](d))
	if got := alone.list(nil, 0, 0); len(got) != 1 || !strings.Contains(got[0].fault, "No connection to ServiceNow") {
		t.Errorf("listed %+v", got)
	}
}

// TestListNames makes names of columns and of what references are called, and of the id where there are no words.
func TestListNames(t *testing.T) {
	t.Parallel()
	store := filledLibrary(1)
	for display, want := range map[string]string{
		"":                          "n0",
		"{name} of {owner.name}":    "n0 of o0",
		"{note} ({nosuch})":         "note 0 (?)",
		"{nosuch} and {nosuch.two}": fmt.Sprintf("%032x", 1),
	} {
		d := widgetDefinition(store)
		d.Display = display
		if got := listsOf(t, connected(DetectByDigest), New[widget](d)).list(nil, 0, 0); got[0].name != want {
			t.Errorf("%q names it %q, not %q", display, got[0].name, want)
		}
		for _, column := range []string{"owner.name", "owner"} {
			if strings.Contains(display, column) && !slices.Contains(store.columns, column) {
				t.Errorf("%q does not ask for %s", display, column)
			}
		}
	}
	keyless := widgetDefinition(store)
	keyless.Key = nil
	got := listsOf(t, connected(DetectByDigest), New[widget](keyless)).list(nil, 0, 0)
	if got[0].name != fmt.Sprintf("%032x", 1) {
		t.Errorf("a record without a key is called %q", got[0].name)
	}
}

// TestListCompletes asks the store for each record where it has more to one than the table's row, and takes a record
// that cannot be read or understood for an error of its own.
func TestListCompletes(t *testing.T) {
	t.Parallel()
	url := resttest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/now/table/u_widget" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.Header().Set("X-Total-Count", "1")
		resttest.AnswerJSON(w, http.StatusOK, fmt.Sprintf(`{"result":[{"sys_id":"%032x","name":"row"}]}`, 1))
	})
	client, err := servicenowapi.New(resttest.BasicConfig(url))
	if err != nil {
		t.Fatal(err)
	}
	connection := &Connection{Servers: Servers{ServiceNow: client}}
	whole := filledLibrary(1)
	l := listsOf(t, connection, New[widget](widgetDefinition(&whole.shelf)))
	if got := l.list(nil, 0, 0); len(got) != 1 || got[0].name != "row" || got[0].note != "note 0" || got[0].fault != "" {
		t.Errorf("listed %+v", got)
	}
	if calls := whole.called(); calls != "read" {
		t.Errorf("calls: %s", calls)
	}
	whole.fails = errors.New("unreadable")
	if got := l.list(nil, 0, 0); len(got) != 1 || !strings.Contains(got[0].fault, "unreadable") {
		t.Errorf("listed %+v", got)
	}
}

type sizedWidget struct {
	widget
	Size types.Int64 `tfsdk:"size"`
}

func (m *sizedWidget) Fields() []field.Field {
	return append(m.widget.Fields(), field.Int("size", &m.Size))
}

// TestListOfOddRecords reports a record that cannot be understood, and lists the others.
func TestListOfOddRecords(t *testing.T) {
	t.Parallel()
	store := filledLibrary(2)
	store.rows[fmt.Sprintf("%032x", 1)].Values["size"] = "many"
	d := widgetDefinition(store)
	d.Attributes["size"] = resourceschema.Int64Attribute{Optional: true}
	got := listsOf(t, connected(DetectByDigest), New[sizedWidget](d)).list(nil, 0, 0)
	const fault = `Cannot understand servicenow_widget: the server answered "many"`
	if len(got) != 2 || !strings.Contains(got[0].fault, fault) ||
		got[1].fault != "" || got[1].name != "n1" {
		t.Errorf("listed %+v", got)
	}
}

// row is a record of any table.
type row struct {
	Base
	Place  types.String `tfsdk:"table"`
	Values types.Map    `tfsdk:"values"`
	Note   types.String `tfsdk:"note"`
}

func (m *row) Fields() []field.Field {
	return []field.Field{
		field.Table(&m.Place), field.FurtherColumns(&m.Values), field.Computed(field.String("note", &m.Note)),
	}
}

func rowDefinition(store record.Store) Definition {
	return Definition{
		Type: "widget", TableAttribute: "table", Store: func(*Servers) record.Store { return store },
		Attributes: map[string]resourceschema.Attribute{
			"table":  resourceschema.StringAttribute{Required: true},
			"values": resourceschema.MapAttribute{Optional: true, ElementType: types.StringType},
			"note":   resourceschema.StringAttribute{Computed: true},
		},
	}
}

// TestListOfAnyTable lists the table that the block names, and owns the columns that it names.
func TestListOfAnyTable(t *testing.T) {
	t.Parallel()
	store := filledLibrary(1)
	l := listsOf(t, connected(DetectByDigest), New[row](rowDefinition(store)))
	got := l.list(map[string]any{"table": "u_thing", "columns": []string{"name", "color"}}, 0, 0)
	want := entry{
		name: fmt.Sprintf("%032x", 1), id: fmt.Sprintf("%032x", 1), note: "note 0",
		identity: "columns=name;color; id=" + fmt.Sprintf("%032x", 1) + " table=u_thing",
	}
	if len(got) != 1 || got[0] != want {
		t.Errorf("listed %+v, not %+v", got, want)
	}
	if got := l.list(map[string]any{"table": "u_thing", "columns": []string{"nosuch"}}, 0, 0); len(got) != 1 ||
		!strings.Contains(got[0].fault, "the table u_thing has no column nosuch") {
		t.Errorf("listed %+v", got)
	}
	if got := l.list(map[string]any{"table": "u_thing"}, 0, 0); len(got) != 1 || got[0].fault != "" ||
		strings.Contains(got[0].identity, "columns") {
		t.Errorf("listed %+v", got)
	}
}

// plug is a Kibana connector.
type plug struct {
	Base
	Space
	Name types.String `tfsdk:"name"`
	Kind types.String `tfsdk:"kind"`
	Note types.String `tfsdk:"note"`
}

func (m *plug) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name), field.String("kind", &m.Kind), field.String("note", &m.Note),
	}
}

// socket finds plugs in the space that it is asked for.
type socket struct {
	shelf
	asked []record.Match
}

func (s *socket) Find(_ context.Context, match record.Match, _ []string, _ int) ([]record.Record, error) {
	s.asked = append(s.asked, match)
	if s.fails != nil {
		return nil, s.fails
	}
	var found []record.Record
	for _, id := range slices.Sorted(slices.Values(keysOf(s.rows))) {
		kind := match.Values["kind"]
		name, named := match.Values["name"]
		if (kind == "" || s.rows[id].Text("kind") == kind) && (!named || s.rows[id].Text("name") == name) {
			rec := s.rows[id]
			rec.Space = match.Space
			found = append(found, rec)
		}
	}
	return found, nil
}

func plugDefinition(store record.Store) Definition {
	text := resourceschema.StringAttribute{Optional: true}
	return Definition{
		Type: "widget", Server: Kibana, Key: []string{"name"}, ListedBy: "kind", ListedElsewhere: []string{".typed"},
		Store:      func(*Servers) record.Store { return store },
		Attributes: map[string]resourceschema.Attribute{"name": text, "kind": text, "note": text},
	}
}

func plugs() *socket {
	s := &socket{shelf: shelf{rows: map[string]record.Record{}}}
	for id, values := range map[string]map[string]any{
		"a": {"name": "one", "kind": ".index"}, "b": {"name": "two", "kind": ".typed"},
		"c": {"name": "three", "kind": ".index", "is_preconfigured": true}, "d": {"name": "four", "kind": ".email"},
	} {
		s.rows[id] = record.Record{ID: id, Values: values}
	}
	return s
}

func inKibana() *Connection {
	return &Connection{Servers: Servers{Kibana: &kibanaapi.Client{}}}
}

// TestListOfConnectors lists what can be managed: without a type, all types that have no list of their own.
func TestListOfConnectors(t *testing.T) {
	t.Parallel()
	store := plugs()
	l := listsOf(t, inKibana(), New[plug](plugDefinition(store)))
	for name, test := range map[string]struct {
		block map[string]any
		limit int64
		want  []entry
	}{
		"all": {nil, 0, []entry{
			{name: "one", id: "a", identity: "connector_id=a"}, {name: "four", id: "d", identity: "connector_id=d"},
		}},
		"the first": {nil, 1, []entry{{name: "one", id: "a", identity: "connector_id=a"}}},
		"of a type": {
			map[string]any{"kind": ".typed"}, 0, []entry{{name: "two", id: "b", identity: "connector_id=b"}},
		},
		"of a space": {
			map[string]any{"kind": ".email", "space_id": "s"},
			0,
			[]entry{{name: "four", id: "d", identity: "connector_id=d space_id=s"}},
		},
	} {
		if diff := cmp.Diff(test.want, l.list(test.block, test.limit, 0), cmp.AllowUnexported(entry{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if stopped := l.list(nil, 0, 1); len(stopped) != 1 {
		t.Errorf("%d results of a list that was stopped after one", len(stopped))
	}
	store.fails = errors.New("no Kibana")
	if got := l.list(nil, 0, 0); len(got) != 1 || !strings.Contains(got[0].fault, "no Kibana") {
		t.Errorf("listed %+v", got)
	}
	blind := listsOf(t, inKibana(), New[plug](plugDefinition(struct{ record.Store }{&shelf{}})))
	if got := blind.list(nil, 0, 0); len(got) != 1 || !strings.Contains(got[0].fault, "unsupported") {
		t.Errorf("listed %+v", got)
	}
}

// TestWhatCannotBeListed has no list: neither a resource that is not ours, nor one whose records nothing tells apart.
func TestWhatCannotBeListed(t *testing.T) {
	t.Parallel()
	keyless := plugDefinition(plugs())
	keyless.Key = nil
	if _, ok := ListOf(New[plug](keyless)()); ok {
		t.Error("connectors that nothing tells apart have a list")
	}
	if _, ok := ListOf(New[noModel](Definition{Type: "widget"})()); ok {
		t.Error("a resource without a table of its own has a list")
	}
	if _, ok := ListOf(struct{ resource.Resource }{}); ok {
		t.Error("another resource has a list")
	}
	if _, _, ok := Inspect(struct{ resource.Resource }{}); ok {
		t.Error("another resource runs this lifecycle")
	}
	d, leaves, ok := Inspect(New[plug](keyless)())
	if !ok || d.Type != "widget" || len(leaves) != 4 {
		t.Errorf("inspected %v and %v", d.Type, leaves)
	}
}
