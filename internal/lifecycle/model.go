package lifecycle

import (
	"context"
	"reflect"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// layout says where a model keeps the attributes of a schema. The framework finds that out anew at each Get and Set,
// with a regular expression compiled per attribute: more than everything else that a plan of no change does.
type layout struct {
	attributes []attributePlace
	kind       tftypes.Type
}

// attributePlace is an attribute at its place in a model.
type attributePlace struct {
	name  string
	index []int
	kind  attr.Type
	wire  tftypes.Type
}

// layouts holds a *layout by model and resource type; nil for a model that is left to the framework.
var layouts sync.Map

type layoutKey struct {
	model    reflect.Type
	resource string
}

// layoutOf returns the layout of a model whose fields are all attribute values, one for each attribute of the schema;
// nil for another one.
func layoutOf[T any](ctx context.Context, resource string, schema interface{ Type() attr.Type }) *layout {
	key := layoutKey{reflect.TypeFor[T](), resource}
	if known, ok := layouts.Load(key); ok {
		return known.(*layout) //nolint:forcetypeassert // nothing else is stored
	}
	l := newLayout(ctx, key.model, schema.Type())
	layouts.Store(key, l)
	return l
}

func newLayout(ctx context.Context, model reflect.Type, schema attr.Type) *layout {
	object, ok := schema.(attr.TypeWithAttributeTypes)
	if !ok {
		return nil
	}
	kinds := object.AttributeTypes()
	l := &layout{kind: schema.TerraformType(ctx)}
	for _, f := range structFields(model) {
		name := f.Tag.Get("tfsdk")
		kind, there := kinds[name]
		if !there || f.Type != reflect.TypeOf(kind.ValueType(ctx)) {
			return nil
		}
		l.attributes = append(l.attributes, attributePlace{name, f.Index, kind, kind.TerraformType(ctx)})
	}
	if len(l.attributes) != len(kinds) {
		return nil
	}
	return l
}

// structFields lists the fields of a struct and of those that it embeds; reflect.VisibleFields leaves out what is named
// as the embedded struct around it.
func structFields(of reflect.Type) []reflect.StructField {
	var fields []reflect.StructField
	for i := range of.NumField() {
		f := of.Field(i)
		if !f.Anonymous || f.Type.Kind() != reflect.Struct {
			fields = append(fields, f)
			continue
		}
		for _, inner := range structFields(f.Type) {
			inner.Index = append([]int{i}, inner.Index...)
			fields = append(fields, inner)
		}
	}
	return fields
}

// get reads a plan, configuration or state into a model; not ok where that is better left to the framework.
func (l *layout) get(ctx context.Context, raw tftypes.Value, model any) (ok bool) {
	var values map[string]tftypes.Value
	if l == nil || raw.IsNull() || !raw.IsKnown() || raw.As(&values) != nil {
		return false
	}
	into := reflect.ValueOf(model).Elem()
	for _, a := range l.attributes {
		raw, there := values[a.name]
		if !there {
			return false
		}
		value, err := a.kind.ValueFromTerraform(ctx, raw)
		if err != nil {
			return false
		}
		v, place := reflect.ValueOf(value), into.FieldByIndex(a.index)
		if v.Type() != place.Type() {
			return false
		}
		place.Set(v)
	}
	return true
}

// value is the plan or state that a model holds; not ok where that is better left to the framework.
func (l *layout) value(ctx context.Context, model any) (raw tftypes.Value, ok bool) {
	if l == nil {
		return raw, false
	}
	from := reflect.ValueOf(model).Elem()
	values := make(map[string]tftypes.Value, len(l.attributes))
	for _, a := range l.attributes {
		value, isValue := from.FieldByIndex(a.index).Interface().(attr.Value)
		if !isValue {
			return raw, false
		}
		v, err := value.ToTerraformValue(ctx)
		if err != nil || v.Type() == nil || !v.Type().Equal(a.wire) {
			return raw, false
		}
		values[a.name] = v
	}
	if tftypes.ValidateValue(l.kind, values) != nil {
		return raw, false
	}
	return tftypes.NewValue(l.kind, values), true
}

// getPlan, getConfig, getState, setPlan and setState are the framework's Get and Set, which report what does not fit.

func (r *lifecycle[T, M]) getPlan(ctx context.Context, plan tfsdk.Plan, m M) diag.Diagnostics {
	if layoutOf[T](ctx, r.Type, plan.Schema).get(ctx, plan.Raw, m) {
		return nil
	}
	return plan.Get(ctx, m)
}

func (r *lifecycle[T, M]) getConfig(ctx context.Context, config tfsdk.Config, m M) diag.Diagnostics {
	if layoutOf[T](ctx, r.Type, config.Schema).get(ctx, config.Raw, m) {
		return nil
	}
	return config.Get(ctx, m)
}

func (r *lifecycle[T, M]) getState(ctx context.Context, state tfsdk.State, m M) diag.Diagnostics {
	if layoutOf[T](ctx, r.Type, state.Schema).get(ctx, state.Raw, m) {
		return nil
	}
	return state.Get(ctx, m)
}

func (r *lifecycle[T, M]) setPlan(ctx context.Context, plan *tfsdk.Plan, m M) diag.Diagnostics {
	if raw, ok := layoutOf[T](ctx, r.Type, plan.Schema).value(ctx, m); ok {
		plan.Raw = raw
		return nil
	}
	return plan.Set(ctx, m)
}

func (r *lifecycle[T, M]) setState(ctx context.Context, state *tfsdk.State, m M) diag.Diagnostics {
	if raw, ok := layoutOf[T](ctx, r.Type, state.Schema).value(ctx, m); ok {
		state.Raw = raw
		return nil
	}
	return state.Set(ctx, m)
}
