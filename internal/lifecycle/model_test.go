package lifecycle

import (
	"context"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func widgetSchema(tb testing.TB) schema.Schema {
	tb.Helper()
	r := New[widget](widgetDefinition(&shelf{}))()
	var resp resource.SchemaResponse
	r.Schema(tb.Context(), resource.SchemaRequest{}, &resp)
	if resp.Diagnostics.HasError() {
		tb.Fatal(resp.Diagnostics)
	}
	return resp.Schema
}

// widgetValue is a state of a widget in which every attribute is null, but for those that values names.
func widgetValue(ctx context.Context, s schema.Schema, values map[string]tftypes.Value) tftypes.Value {
	kind := s.Type().TerraformType(ctx).(tftypes.Object)
	all := map[string]tftypes.Value{}
	for name, attribute := range kind.AttributeTypes {
		all[name] = tftypes.NewValue(attribute, nil)
		if value, ok := values[name]; ok {
			all[name] = value
		}
	}
	return tftypes.NewValue(kind, all)
}

func filledWidget(tb testing.TB) (*lifecycle[widget, *widget], tfsdk.State) {
	tb.Helper()
	s := widgetSchema(tb)
	text := func(value any) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }
	raw := widgetValue(tb.Context(), s, map[string]tftypes.Value{
		"id": text("0123"), "name": text("n"), "color": text(tftypes.UnknownValue), "note": text(""),
		"adopted": tftypes.NewValue(tftypes.Bool, true), "token_wo_version": tftypes.NewValue(tftypes.Number, 7),
		"additional_columns": tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{
			"u_a": text("a"), "u_b": text(tftypes.UnknownValue),
		}),
	})
	return &lifecycle[widget, *widget]{Definition: widgetDefinition(&shelf{})}, tfsdk.State{Raw: raw, Schema: s}
}

// TestModelsAreReadAsTheFrameworkReadsThem compares both ways of reading and writing a model, and makes sure that ours
// is the one in use.
func TestModelsAreReadAsTheFrameworkReadsThem(t *testing.T) {
	t.Parallel()
	r, state := filledWidget(t)
	ours, theirs := &widget{}, &widget{}
	if l := layoutOf[widget](t.Context(), r.Type, state.Schema); l == nil || !l.get(t.Context(), state.Raw, ours) {
		t.Fatal("the model is left to the framework")
	}
	if diags := state.Get(t.Context(), theirs); diags.HasError() {
		t.Fatal(diags)
	}
	if !reflect.DeepEqual(ours, theirs) {
		t.Errorf("read %+v, the framework %+v", ours, theirs)
	}
	ours.Note, theirs.Note = types.StringNull(), types.StringNull()
	ours.Name, theirs.Name = types.StringUnknown(), types.StringUnknown()
	if _, ok := layoutOf[widget](t.Context(), r.Type, state.Schema).value(t.Context(), ours); !ok {
		t.Error("writing the model is left to the framework")
	}
	set, framework := state, state
	if diags := r.setState(t.Context(), &set, ours); diags.HasError() {
		t.Fatal(diags)
	}
	if diags := framework.Set(t.Context(), theirs); diags.HasError() {
		t.Fatal(diags)
	}
	if !set.Raw.Equal(framework.Raw) || set.Raw.Equal(state.Raw) {
		t.Errorf("wrote %s, the framework %s", set.Raw, framework.Raw)
	}
}

// TestModelsThatDoNotFitAreLeftToTheFramework gets its diagnostics for them.
func TestModelsThatDoNotFitAreLeftToTheFramework(t *testing.T) {
	t.Parallel()
	r, state := filledWidget(t)
	for name, raw := range map[string]tftypes.Value{
		"null":      tftypes.NewValue(state.Raw.Type(), nil),
		"unknown":   tftypes.NewValue(state.Raw.Type(), tftypes.UnknownValue),
		"no object": tftypes.NewValue(tftypes.String, "text"),
	} {
		odd := state
		odd.Raw = raw
		if ours, theirs := r.getState(t.Context(), odd, &widget{}), odd.Get(t.Context(), &widget{}); !ours.Equal(theirs) {
			t.Errorf("%s: %v, the framework %v", name, ours, theirs)
		}
	}
	var untyped widget // its map does not know the type of its elements
	set := state
	if diags := r.setState(t.Context(), &set, &untyped); !diags.HasError() {
		t.Error("a model without types was written")
	}
	if !set.Raw.Equal(state.Raw) {
		t.Errorf("wrote %s", set.Raw)
	}
	type elsewhere struct {
		Base
		Name string `tfsdk:"name"`
	}
	if newLayout(t.Context(), reflect.TypeFor[elsewhere](), state.Schema.Type()) != nil {
		t.Error("a model of plain Go values has a layout")
	}
}

func BenchmarkReadModel(b *testing.B) {
	r, state := filledWidget(b)
	for name, get := range map[string]func(m *widget){
		"layout":    func(m *widget) { r.getState(b.Context(), state, m) },
		"framework": func(m *widget) { state.Get(b.Context(), m) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				get(&widget{})
			}
		})
	}
}

func BenchmarkWriteModel(b *testing.B) {
	r, state := filledWidget(b)
	var m widget
	r.getState(b.Context(), state, &m)
	for name, set := range map[string]func(){
		"layout":    func() { r.setState(b.Context(), &state, &m) },
		"framework": func() { state.Set(b.Context(), &m) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set()
			}
		})
	}
}

// BenchmarkEncode turns a model into what a store gets, and BenchmarkDecode an answer into a model.
func BenchmarkEncode(b *testing.B) {
	r, state := filledWidget(b)
	var m widget
	r.getState(b.Context(), state, &m)
	b.ReportAllocs()
	for b.Loop() {
		r.encode(&m)
	}
}

func BenchmarkDecode(b *testing.B) {
	r, state := filledWidget(b)
	var m widget
	r.getState(b.Context(), state, &m)
	answer := r.encode(&m).Record
	b.ReportAllocs()
	for b.Loop() {
		if err := decode[widget](&m, answer, nil); err != nil {
			b.Fatal(err)
		}
	}
}
