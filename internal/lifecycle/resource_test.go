package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

type attributes = map[string]any

func widgets(t *testing.T, s *shelf) *stage {
	t.Helper()
	return newStage(t, connected(DetectByDigest), New[widget](widgetDefinition(s)))
}

func (s *stage) must(errs string) {
	s.t.Helper()
	if errs != "" {
		s.t.Fatal(errs)
	}
}

func (s *stage) fails(errs, want string) {
	s.t.Helper()
	if !strings.Contains(errs, want) {
		s.t.Errorf("the errors are %q, which lack %q", errs, want)
	}
}

// TestLife takes a widget through its life, and looks at every call that is made for it.
func TestLife(t *testing.T) {
	t.Parallel()
	shelf := &shelf{}
	s := widgets(t, shelf)
	config := attributes{"name": "one", "note": "n", "token_wo": "canary"}
	s.must(s.apply(config))
	if calls := shelf.called(); calls != "create name,note,*token" {
		t.Errorf("calls: %s", calls)
	}
	for name, want := range map[string]string{
		"id": fmt.Sprintf("%032x", 1), "color": "red", "number": "Wone", "scope_id": "global", "adopted": "false",
		"token_wo": "<null>",
	} {
		if got := s.text(name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
	s.must(s.refresh())
	s.must(s.apply(config))
	if calls := shelf.called(); calls != "read" {
		t.Errorf("an unchanged configuration calls %s", calls)
	}
	s.must(s.apply(attributes{"name": "two", "token_wo": "canary"}))
	if calls := shelf.called(); calls != "update name,note" {
		t.Errorf("calls: %s", calls)
	}
	if s.text("number") != "Wtwo" || s.text("note") != "<null>" || s.text("color") != "red" {
		t.Errorf("the state is %v", s.state)
	}
	s.must(s.destroy())
	if calls := shelf.called(); calls != "delete" || len(shelf.rows) != 0 {
		t.Errorf("calls: %s", calls)
	}
}

// TestPlanIsShort leaves unknown only what the write may move.
func TestPlanIsShort(t *testing.T) {
	t.Parallel()
	s := widgets(t, &shelf{})
	s.must(s.apply(attributes{"name": "one", "token_wo": "canary"}))
	for change, unknown := range map[string]string{"name": "number", "note": "", "token_wo": "secrets_updated_at"} {
		config := attributes{"name": "one", "token_wo": "canary"}
		config[change] = "other"
		planned, _, errs := s.plan(config)
		s.must(errs)
		for name, value := range s.attributes(planned) {
			if !value.IsFullyKnown() && name != unknown {
				t.Errorf("a change of %s leaves %s unknown", change, name)
			}
		}
		if unknown != "" && s.textOf(planned, unknown) != "<unknown>" {
			t.Errorf("a change of %s plans %s as %s", change, unknown, s.textOf(planned, unknown))
		}
	}
}

// TestNotKept reports what the server stored otherwise, at the attribute, and keeps the record.
func TestNotKept(t *testing.T) {
	t.Parallel()
	shelf := &shelf{drops: []string{"note"}}
	s := widgets(t, shelf)
	errs := s.apply(attributes{"name": "one", "note": "n", "token_wo": "canary"})
	for _, want := range []string{`note was planned as "n"`, "kept nothing", "terraform untaint servicenow_widget.NAME"} {
		s.fails(errs, want)
	}
	if s.text("id") == "<null>" || s.text("note") != "<null>" {
		t.Errorf("the state is %v", s.state)
	}
	errs = s.apply(attributes{"name": "one", "note": "n", "token_wo": "canary"})
	s.fails(errs, "The state holds what the server answered")
}

// TestColumnsNotKept reports a map of columns of which an update kept nothing.
func TestColumnsNotKept(t *testing.T) {
	t.Parallel()
	shelf := &shelf{}
	s := widgets(t, shelf)
	columns := func(value string) attributes {
		return attributes{"name": "one", "token_wo": "canary", "additional_columns": map[string]string{"u_size": value}}
	}
	s.must(s.apply(columns("1")))
	shelf.drops = []string{"u_size"}
	s.fails(s.apply(columns("2")), `additional_columns was planned as {"u_size":"2"}`)
}

// TestColumnMissing reports a configured value whose column the answer lacks: instances ignore columns that they do not
// have without a word.
func TestColumnMissing(t *testing.T) {
	t.Parallel()
	s := widgets(t, &shelf{lacks: []string{"note", "color"}})
	errs := s.apply(attributes{"name": "one", "note": "n", "token_wo": "canary"})
	s.fails(errs, "the answer does not hold the column note")
	s.fails(errs, "terraform untaint servicenow_widget.NAME")
	unset := widgets(t, &shelf{lacks: []string{"note", "color"}})
	unset.must(unset.apply(attributes{"name": "one", "token_wo": "canary"}))
	if unset.text("color") != "<null>" {
		t.Errorf("the state is %v", unset.state)
	}
}

// TestReads tells gone, hidden and vanished apart, and keeps the state unless the record is proven to be gone.
func TestReads(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"hidden":   {record.ErrHidden, "Give the provider's account a role"},
		"vanished": {&record.VanishedError{Where: "u_widget", Asked: 7}, "accept_vanished = true"},
		"odd":      {errors.New("odd"), "odd."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shelf := &shelf{}
			s := widgets(t, shelf)
			s.must(s.apply(attributes{"name": "one", "token_wo": "canary"}))
			shelf.fails = test.err
			s.fails(s.refresh(), test.want)
			if s.state.IsNull() {
				t.Error("the state is lost")
			}
		})
	}
	shelf := &shelf{}
	s := widgets(t, shelf)
	s.must(s.apply(attributes{"name": "one", "token_wo": "canary"}))
	shelf.rows = map[string]record.Record{}
	s.must(s.refresh())
	if !s.state.IsNull() || !strings.Contains(s.warned, "deleted outside Terraform") {
		t.Errorf("the state is %v, warned %q", s.state, s.warned)
	}
}

// TestDrift shows what somebody changed of what is configured, and takes the rest over.
func TestDrift(t *testing.T) {
	t.Parallel()
	shelf := &shelf{}
	s := widgets(t, shelf)
	config := attributes{"name": "one", "token_wo": "canary"}
	s.must(s.apply(config))
	row := shelf.rows[s.text("id")]
	row.Values["color"], row.Values["note"], row.Values["name"] = "blue", "theirs", "renamed"
	s.must(s.refresh())
	if s.text("color") != "blue" || s.text("note") != "<null>" || s.text("name") != "renamed" {
		t.Errorf("the state is %v", s.state)
	}
	shelf.called()
	s.must(s.apply(config))
	if calls := shelf.called(); calls != "update name" {
		t.Errorf("calls: %s", calls)
	}
	if shelf.rows[s.text("id")].Text("note") != "theirs" {
		t.Error("somebody else's note was cleared")
	}
}

// TestHalfMade keeps what exists of a create that failed half-way.
func TestHalfMade(t *testing.T) {
	t.Parallel()
	s := widgets(t, &shelf{halfWay: errors.New("the second half failed")})
	s.fails(s.apply(attributes{"name": "one", "token_wo": "canary"}), "the second half failed")
	if s.text("id") != fmt.Sprintf("%032x", 1) {
		t.Errorf("the state is %v", s.state)
	}
	refused := widgets(t, &shelf{fails: errors.New("no")})
	refused.fails(refused.apply(attributes{"name": "one", "token_wo": "canary"}), "Cannot create servicenow_widget")
	if !refused.state.IsNull() {
		t.Error("a refused create left a state")
	}
}

// TestSecretsInLife follows secrets through plans and applies.
func TestSecretsInLife(t *testing.T) {
	t.Parallel()
	shelf := &shelf{}
	s := widgets(t, shelf)
	s.fails(s.apply(attributes{"name": "one"}), "A secret is missing")
	later := attributes{"name": "one", "token_wo": tftypes.UnknownValue}
	s.fails(s.applyKnowing(later, attributes{"name": "one"}), "A secret is missing")
	if calls := shelf.called(); calls != "" {
		t.Errorf("without its secret: %s", calls)
	}
	s.must(s.apply(attributes{"name": "one", "token_wo": "canary-1"}))
	sent := s.text("secrets_updated_at")
	s.must(s.apply(attributes{"name": "two", "token_wo": "canary-1"}))
	if s.text("secrets_updated_at") != sent {
		t.Error("a change of the name moved secrets_updated_at")
	}
	shelf.called()
	s.must(s.apply(attributes{"name": "two", "token_wo": "canary-2", "keys_wo": map[string]string{"a": "canary-a"}}))
	if calls := shelf.called(); calls != "update *key.a,*token" || shelf.secrets["key.a"] != "canary-a" {
		t.Errorf("calls: %s", calls)
	}
	// One of two is refused; the next apply sends that one alone.
	shelf.refuses = []string{"token"}
	s.fails(s.apply(attributes{
		"name": "two", "token_wo": "canary-3", "keys_wo": map[string]string{"a": "canary-b"},
	}), "was refused")
	shelf.refuses = nil
	shelf.called()
	s.must(s.apply(attributes{"name": "two", "token_wo": "canary-3", "keys_wo": map[string]string{"a": "canary-b"}}))
	if calls := shelf.called(); calls != "update *token" {
		t.Errorf("calls: %s", calls)
	}
	// An entry that is not configured any more is cleared.
	s.must(s.apply(attributes{"name": "two", "token_wo": "canary-3"}))
	if calls := shelf.called(); calls != "update *key.a" || shelf.secrets["key.a"] != "" {
		t.Errorf("calls: %s", calls)
	}
	// One that the server has lost is sent again.
	shelf.lost = []string{"token"}
	s.must(s.refresh())
	shelf.called()
	s.must(s.apply(attributes{"name": "two", "token_wo": "canary-3"}))
	if calls := shelf.called(); calls != "update *token" {
		t.Errorf("calls: %s", calls)
	}
	if strings.Contains(fmt.Sprint(s.state), "canary") || strings.Contains(string(s.private), "canary") {
		t.Error("a secret is in the state")
	}
}

// TestImports finds a record by id and by natural key, and warns before it sends a secret.
func TestImports(t *testing.T) {
	t.Parallel()
	shelf := &shelf{}
	made := widgets(t, shelf)
	made.must(made.apply(attributes{"name": "one", "note": "n", "token_wo": "canary"}))
	id := made.text("id")
	for _, as := range []string{id, "name=one"} {
		s := widgets(t, shelf)
		s.must(s.importAs(as))
		if s.text("id") != id || s.text("note") != "n" || s.text("adopted") != "false" ||
			s.text("adopt_existing") != "false" {
			t.Errorf("imported %v", s.state)
		}
		shelf.called()
		s.must(s.apply(attributes{"name": "one", "note": "n"}))
		if calls := shelf.called(); calls != "" {
			t.Errorf("without a secret the first apply calls %s", calls)
		}
		s.must(s.apply(attributes{"name": "one", "note": "n", "token_wo": "canary"}))
		if calls := shelf.called(); calls != "update *token" || !strings.Contains(s.warned, "sends token_wo") {
			t.Errorf("calls: %s; warned: %q", calls, s.warned)
		}
		if s.text("secrets_updated_at") == "<null>" {
			t.Error("secrets_updated_at did not move")
		}
	}
	s := widgets(t, shelf)
	s.fails(s.importAs("name=none"), "There is no record with name=none in u_widget")
	s.fails(s.importAs("rubbish"), `"rubbish" is no sys_id`)
	shelf.rows["second"] = record.Record{ID: "second", Values: map[string]any{"name": "one"}}
	s.fails(s.importAs("name=one"), "terraform import servicenow_widget.NAME second")
	s.must(s.importAs(strings.Repeat("f", 32)))
	if !s.state.IsNull() { // Terraform says itself that there is nothing to import
		t.Errorf("imported %v", s.state)
	}
}

// TestAdoption releases what was taken over.
func TestAdoption(t *testing.T) {
	t.Parallel()
	shelf := &shelf{adopts: true}
	first := widgets(t, shelf)
	first.must(first.apply(attributes{"name": "one", "note": "theirs", "token_wo": "canary"}))
	second := widgets(t, shelf)
	second.must(second.apply(attributes{"name": "one", "note": "ours", "adopt_existing": true, "token_wo": "canary"}))
	if second.text("adopted") != "true" || first.text("adopted") != "false" {
		t.Errorf("adopted is %s", second.text("adopted"))
	}
	second.must(second.apply(attributes{"name": "one", "note": "again", "adopt_existing": true, "token_wo": "canary"}))
	second.must(second.refresh())
	shelf.called()
	second.must(second.destroy())
	if calls := shelf.called(); calls != "release map[note:theirs]" {
		t.Errorf("calls: %s", calls)
	}
}

// TestVersionMode stores nothing that is derived from a secret, and sends by version alone.
func TestVersionMode(t *testing.T) {
	t.Parallel()
	shelf := &shelf{}
	s := newStage(t, connected(DetectByVersion), New[widget](widgetDefinition(shelf)))
	s.must(s.apply(attributes{"name": "one", "token_wo": "canary-1"}))
	if strings.Contains(string(s.private), "digest") || strings.Contains(string(s.private), "salt") {
		t.Errorf("private state holds %s", s.private)
	}
	shelf.called()
	s.must(s.apply(attributes{"name": "one", "token_wo": "canary-2"}))
	if calls := shelf.called(); calls != "" {
		t.Errorf("calls: %s", calls)
	}
	s.must(s.apply(attributes{"name": "one", "token_wo": "canary-2", "token_wo_version": 1}))
	if calls := shelf.called(); calls != "update *token" {
		t.Errorf("calls: %s", calls)
	}
	imported := newStage(t, connected(DetectByVersion), New[widget](widgetDefinition(shelf)))
	imported.must(imported.importAs("name=one"))
	imported.must(imported.apply(attributes{"name": "one", "token_wo": "canary-2"}))
	if !strings.Contains(imported.warned, "A secret without a version is not sent") {
		t.Errorf("warned %q", imported.warned)
	}
}

// TestRefusedConfigurations stops at plan, before any call.
func TestRefusedConfigurations(t *testing.T) {
	t.Parallel()
	shelf := &shelf{}
	s := widgets(t, shelf)
	for _, test := range []struct {
		config attributes
		want   string
	}{
		{attributes{"name": "one", "color": "plaid"}, "Not a color"},
		{attributes{"name": ""}, "An empty string"},
		{attributes{"name": "one", "token_wo": ""}, "An empty string"},
		{attributes{"name": "one", "keys_wo": map[string]string{"a": ""}}, "An empty string"},
		{attributes{"name": "one", "scope_id": "Elastic"}, "Not a sys_id"},
		{attributes{"name": "one", "additional_columns": map[string]string{"note": "x"}}, "has an attribute of its own"},
		{attributes{"name": "one", "additional_columns": map[string]string{"token": "x"}}, "has an attribute of its own"},
		{attributes{"name": "one", "additional_columns": map[string]string{}}, "An empty map"},
		{attributes{"name": "one", "additional_columns": map[string]string{"": "x"}}, "must be a column's name"},
		{attributes{"name": "one", "additional_columns": map[string]string{"manager.name": "x"}}, "must be a column's name"},
	} {
		s.fails(s.apply(test.config), test.want)
	}
	if calls := shelf.called(); calls != "" {
		t.Errorf("calls: %s", calls)
	}
	if _, _, errs := s.plan(attributes{"name": "one", "color": "beige", "token_wo": "x"}); errs != "" ||
		!strings.Contains(s.warned, "A dull color") {
		t.Errorf("%s, warned %q", errs, s.warned)
	}
}

// TestWithoutConnection says which block is missing.
func TestWithoutConnection(t *testing.T) {
	t.Parallel()
	s := newStage(t, &Connection{}, New[widget](widgetDefinition(&shelf{})))
	s.fails(s.apply(attributes{"name": "one", "token_wo": "x"}), "No connection to ServiceNow")
	unknown := newStage(
		t,
		&Connection{Unknown: map[Server]bool{ServiceNow: true}},
		New[widget](widgetDefinition(&shelf{})),
	)
	if _, _, errs := unknown.plan(attributes{"name": "one", "token_wo": "x"}); errs != "" {
		t.Errorf("a connection that is not known yet fails the plan: %s", errs)
	}
	unknown.fails(unknown.importAs("name=one"), "is not known yet")
}

// TestExistingRecords explains what to do about a record of the same key.
func TestExistingRecords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  *record.ExistsError
		want []string
	}{
		{
			&record.ExistsError{IDs: []string{"a"}, Key: "name"},
			[]string{"terraform import servicenow_widget.NAME a", "create_before_destroy", "moved block", "adopt_existing"},
		},
		{&record.ExistsError{IDs: []string{"a", "b"}, Key: "name"}, []string{"exists already: a, b", "Delete the ones"}},
		{&record.ExistsError{IDs: []string{"a"}, Key: "name", SameRun: true}, []string{"another resource of this " +
			"configuration"}},
	} {
		s := widgets(t, &shelf{fails: test.err})
		errs := s.apply(attributes{"name": "one", "token_wo": "x"})
		for _, want := range test.want {
			s.fails(errs, want)
		}
	}
	plain := newStage(t, connected(DetectByDigest), New[flagged](flaggedDefinition(
		&shelf{fails: &record.ExistsError{IDs: []string{"a"}, Key: "name"}})))
	plain.fails(plain.apply(attributes{"name": "one"}), "duplicate_check = false")
}

// TestDestroyWarnings passes on what a destroy leaves behind, and keeps the state of one that failed.
func TestDestroyWarnings(t *testing.T) {
	t.Parallel()
	shelf := &shelf{}
	s := widgets(t, shelf)
	s.must(s.apply(attributes{"name": "one", "token_wo": "canary"}))
	shelf.fails = errors.New("still there")
	s.fails(s.destroy(), "still there")
	if s.state.IsNull() {
		t.Error("the state is lost")
	}
	shelf.fails, shelf.warnings = nil, []string{"the shelf remains"}
	s.must(s.destroy())
	if !strings.Contains(s.warned, "the shelf remains") || !s.state.IsNull() {
		t.Errorf("warned %q", s.warned)
	}
}

// flagged has an attribute with a default.
type flagged struct {
	Base
	Name   types.String `tfsdk:"name"`
	Active types.Bool   `tfsdk:"active"`
}

func (m *flagged) Fields() []field.Field {
	return []field.Field{field.String("name", &m.Name), field.Bool("active", &m.Active)}
}

func flaggedDefinition(store record.Store) Definition {
	return Definition{
		Type: "widget", Table: "u_flagged", Key: []string{"name"}, Store: func(*Servers) record.Store { return store },
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, MarkdownDescription: "Text."},
			"active": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(true), MarkdownDescription: "Text.",
			},
		},
	}
}

// deactivating is a shelf with a business rule: what is renamed is not active any more.
type deactivating struct{ *shelf }

func (s deactivating) Update(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	got, err := s.shelf.Update(ctx, have, want)
	if err == nil {
		got.Values = maps.Clone(got.Values)
		got.Values["active"] = "false"
		s.rows[got.ID] = got.Record
	}
	return got, err
}

// TestDefaultsAreCompared reports a value that the provider sets by default and the server changes in the same write.
func TestDefaultsAreCompared(t *testing.T) {
	t.Parallel()
	s := newStage(t, connected(DetectByDigest), New[flagged](flaggedDefinition(deactivating{&shelf{}})))
	s.must(s.apply(attributes{"name": "one"}))
	s.fails(s.apply(attributes{"name": "two"}), "active was planned as true, and the server kept false")
	if got := s.text("active"); got != "false" {
		t.Errorf("the state holds active = %s", got)
	}
}
