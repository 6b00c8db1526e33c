package lifecycle

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// machine is a widget with everything that a model may plan.
type machine struct {
	Base
	Secrets
	Name    types.String `tfsdk:"name"`
	Version types.String `tfsdk:"version"`
	Age     types.String `tfsdk:"age"`
	Parts   types.Object `tfsdk:"parts"`
	Entries types.Map    `tfsdk:"entries"`
	KeysWO  types.Map    `tfsdk:"keys_wo"`
	KeysWOV types.Int64  `tfsdk:"keys_wo_version"`
	Log     types.Set    `tfsdk:"log"`
}

type parts struct {
	Wheel  types.String `tfsdk:"wheel"`
	CodeWO types.String `tfsdk:"code_wo"`
}

func (m *machine) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name), field.Computed(field.String("version", &m.Version)),
		field.MovesWith(field.Computed(field.String("age", &m.Age))),
		field.Group(&m.Parts, func(r record.Record) bool { return r.Text("wheel") != "" }, func(p *parts) []field.Field {
			return []field.Field{
				field.String("wheel", &p.Wheel), field.RequiredSecret("code", &p.CodeWO, nil),
			}
		}),
		field.Entries("entry.", &m.Entries),
		field.SecretMap("key.", &m.KeysWO, &m.KeysWOV),
		logField{&m.Log},
	}
}

// logField is neither sent nor read.
type logField struct{ p *types.Set }

func (f logField) Attribute() any             { return f.p }
func (f logField) Value() attr.Value          { return *f.p }
func (f logField) Columns() []string          { return nil }
func (f logField) Encode(*record.Write)       {}
func (f logField) Decode(record.Record) error { return nil }
func (f logField) Assign(from field.Field)    { *f.p = *field.Same[logField](from).p }
func (f logField) Same(as field.Field) bool   { return f.p.Equal(as.Value()) }

// asked starts the warnings by which a machine shows what it was asked.
const asked = "asked: "

func (m *machine) note(report *Report, line string) { report.Warn(nil, "asked", line) }

func (m *machine) Plan(_ context.Context, _ *Servers, secrets []string, report *Report) {
	m.note(report, fmt.Sprintf("plan %s with %v, lock-out %v", m.Name.ValueString(), secrets, report.AllowLockout))
	if m.Name.ValueString() == "refused" {
		report.Error(&m.Name, "Not this one", "Choose another.")
	}
}

func (m *machine) PlanChange(_ context.Context, _ *Servers, change Change, report *Report) {
	was := "nothing"
	if before, ok := change.Before.(*machine); ok {
		was = before.Name.ValueString()
	}
	m.note(report, fmt.Sprintf("change %s to %s, writes %v, keys %d", was, m.Name.ValueString(), change.Writes,
		len(change.Config.(*machine).KeysWO.Elements())))
	if m.Name.ValueString() == "old" {
		report.Warn(&m.Name, "An old name", "Is that meant?")
	}
}

func (m *machine) PlanDestroy(report *Report) {
	report.Warn(&m.Name, "Destroys "+m.Name.ValueString(), "It takes others along.")
}

func machineStage(t *testing.T, store *shelf) *stage {
	t.Helper()
	text := resourceschema.StringAttribute{Optional: true}
	computed := resourceschema.StringAttribute{Computed: true}
	connection := connected(DetectByDigest)
	connection.AllowLockout = true
	s := newStage(t, connection, New[machine](Definition{
		Type: "widget", Table: "sys_user", Key: []string{"name"},
		Store: func(*Servers) record.Store { return store },
		Attributes: map[string]resourceschema.Attribute{
			"name": text, "version": computed, "age": computed,
			"parts": resourceschema.SingleNestedAttribute{
				Optional: true,
				Attributes: map[string]resourceschema.Attribute{
					"wheel": resourceschema.StringAttribute{Required: true}, "code_wo": resourceschema.StringAttribute{},
				},
			},
			"entries":         resourceschema.MapAttribute{Optional: true, ElementType: types.StringType},
			"keys_wo":         resourceschema.MapAttribute{ElementType: types.StringType},
			"keys_wo_version": version,
			"log":             resourceschema.SetAttribute{Optional: true, ElementType: types.StringType},
		},
	}))
	return s
}

// TestPlanners is asked about every create and change, with the columns of secrets and no secret, and not about what
// stays as it is.
func TestPlanners(t *testing.T) {
	t.Parallel()
	store := &shelf{}
	s := machineStage(t, store)
	told := func() string {
		var all []string
		for line := range strings.SplitSeq(s.warned, "\n") {
			if question, ok := strings.CutPrefix(line, asked); ok {
				all = append(all, question)
			}
		}
		return strings.Join(all, "; ")
	}
	s.must(s.apply(attributes{"name": "one", "keys_wo": map[string]string{"a": "canary"}}))
	if got := told(); got != "change nothing to one, writes true, keys 1; plan one with [key.a], lock-out true" {
		t.Errorf("asked: %s", got)
	}
	s.must(s.apply(attributes{"name": "one", "keys_wo": map[string]string{"a": "canary"}}))
	if got := told(); got != "change one to one, writes false, keys 1" {
		t.Errorf("asked: %s", got)
	}
	s.must(s.apply(attributes{"name": "one", "keys_wo": map[string]string{"a": "another"}}))
	if got := told(); got != "change one to one, writes true, keys 1" {
		t.Errorf("asked: %s", got)
	}
	s.must(s.apply(attributes{"name": "old", "keys_wo": map[string]string{"a": "another"}}))
	if !strings.Contains(s.warned, "An old name") {
		t.Errorf("warned %q", s.warned)
	}
	s.fails(s.apply(attributes{"name": "refused"}), "Not this one")
	s.must(s.planDestroy())
	if !strings.Contains(s.warned, "Destroys old") {
		t.Errorf("warned %q", s.warned)
	}
	if widgetStage := widgets(t, store); widgetStage.planDestroy() != "" || widgetStage.warned != "" {
		t.Errorf("a model without a word about it warned %q", widgetStage.warned)
	}
}

// TestValuesThatMove are unknown in the plan of a write that may move them, and only there.
func TestValuesThatMove(t *testing.T) {
	t.Parallel()
	s := machineStage(t, &shelf{})
	config := attributes{"name": "one", "keys_wo": map[string]string{"a": "canary"}}
	s.must(s.apply(config))
	for name, test := range map[string]struct {
		config attributes
		age    bool
	}{
		"nothing":  {config, false},
		"a name":   {attributes{"name": "two", "keys_wo": map[string]string{"a": "canary"}}, true},
		"a secret": {attributes{"name": "one", "keys_wo": map[string]string{"a": "other"}}, true},
	} {
		planned, _, errs := s.plan(test.config)
		s.must(errs)
		if got := s.textOf(planned, "age") == "<unknown>"; got != test.age || s.textOf(planned, "version") == "<unknown>" {
			t.Errorf("a change of %s plans age as %s and version as %s", name, s.textOf(planned, "age"),
				s.textOf(planned, "version"))
		}
	}
}

// TestNestedAttributes are reported where they are, and their secrets demanded only of an object that is there.
func TestNestedAttributes(t *testing.T) {
	t.Parallel()
	store := &shelf{drops: []string{"wheel"}}
	s := machineStage(t, store)
	with := func(wheel string, code any) attributes {
		return attributes{"name": "one", "parts": map[string]any{"wheel": wheel, "code_wo": code}}
	}
	s.fails(s.apply(with("round", nil)), "This plan sends parts.code_wo")
	s.fails(s.apply(with("", "canary")), "parts.wheel: The server takes an empty value")
	if calls := store.called(); calls != "" {
		t.Errorf("calls: %s", calls)
	}
	errs := s.apply(with("round", "canary"))
	s.fails(errs, `parts.wheel was planned as "round"`)
	if strings.Contains(errs, "canary") {
		t.Errorf("the errors hold a secret: %s", errs)
	}
	if fmt.Sprint(s.places) != "[parts.wheel]" {
		t.Errorf("reported at %v", s.places)
	}
	whole := machineStage(t, &shelf{})
	whole.must(whole.apply(with("round", "canary")))
	if strings.Contains(fmt.Sprint(whole.state), "canary") {
		t.Error("a secret is in the state")
	}
	whole.must(whole.apply(attributes{"name": "one"}))
}

// TestEntriesAreCleared empties the columns that a map owned and names no more.
func TestEntriesAreCleared(t *testing.T) {
	t.Parallel()
	store := &shelf{}
	s := machineStage(t, store)
	s.must(s.apply(attributes{"name": "one", "entries": map[string]string{"a": "1", "b": "2"}}))
	store.called()
	s.must(s.apply(attributes{"name": "one", "entries": map[string]string{"b": "2"}}))
	if calls := store.called(); calls != "update entry.a" || store.rows[s.text("id")].Text("entry.a") != "" {
		t.Errorf("calls: %s", calls)
	}
}

// TestGoneUser says what an account may not see.
func TestGoneUser(t *testing.T) {
	t.Parallel()
	store := &shelf{}
	s := machineStage(t, store)
	s.must(s.apply(attributes{"name": "one"}))
	clear(store.rows)
	s.must(s.refresh())
	if !strings.Contains(s.warned, "do not see inactive users at all") {
		t.Errorf("warned %q", s.warned)
	}
}

// TestUnknownSecretsArePlanned leaves secrets_updated_at unknown where a secret is known only at apply.
func TestUnknownSecretsArePlanned(t *testing.T) {
	t.Parallel()
	s := machineStage(t, &shelf{})
	config := func(keys any) attributes { return attributes{"name": "one", "keys_wo": keys} }
	s.must(s.apply(config(map[string]string{"a": "canary"})))
	planned, _, errs := s.plan(config(tftypes.UnknownValue))
	if errs != "" || s.textOf(planned, "secrets_updated_at") != "<unknown>" {
		t.Errorf("planned %s: %s", s.textOf(planned, "secrets_updated_at"), errs)
	}
}
