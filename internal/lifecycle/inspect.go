package lifecycle

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Inspect shows a resource's definition and bound fields to tests that hold the conventions over every resource. It is
// not ok for a resource that does not run this lifecycle.
func Inspect(r resource.Resource) (d Definition, leaves []field.Leaf, ok bool) {
	i, ok := r.(interface {
		inspect() (Definition, []field.Leaf)
	})
	if !ok {
		return d, nil, false
	}
	d, leaves = i.inspect()
	return d, leaves, true
}

func (r *lifecycle[T, M]) inspect() (Definition, []field.Leaf) {
	return r.Definition, leavesOf[T](M(new(T)))
}

// Bound is one field of a resource or a look-up, with what its schema says.
type Bound struct {
	field.Field
	// Attribute is the attribute's dotted name; empty for a field that belongs to none.
	Attribute string
	// Always says that every create sends the columns: the attribute is required, has a default, or there is none.
	Always bool
	// Constant says that no configuration changes what is sent.
	Constant bool
	// Default is what is sent where the configuration says nothing, as text; empty when that is nothing.
	Default string
	// Description is the attribute's, in Markdown.
	Description string
}

// Bindings lists a resource's fields, those without an attribute included. It is not ok for a resource that does not
// run this lifecycle.
func Bindings(ctx context.Context, r resource.Resource) (d Definition, bound []Bound, ok bool) {
	i, ok := r.(interface {
		bindings(context.Context) (Definition, []Bound)
	})
	if !ok {
		return d, nil, false
	}
	d, bound = i.bindings(ctx)
	return d, bound, true
}

func (r *lifecycle[T, M]) bindings(ctx context.Context) (Definition, []Bound) {
	m := M(new(T))
	var bound []Bound
	for _, f := range fieldsOf[T](m) {
		if f.Attribute() == nil {
			w := record.Write{Record: record.Record{Values: map[string]any{}}}
			f.Encode(&w)
			_, constant := field.ConstantColumn(f)
			b := Bound{Field: f, Always: true, Constant: constant}
			if constant {
				for _, value := range w.Values {
					b.Default = record.Text(value)
				}
			}
			bound = append(bound, b)
			continue
		}
		leaf := field.Leaves(m, []field.Field{f})[0]
		b := Bound{Field: f, Attribute: leaf.Path.String()}
		if a, ok := r.Attributes[b.Attribute]; ok {
			b.Description = a.GetMarkdownDescription()
			b.Default = defaultOf(ctx, a)
			b.Always = a.IsRequired() || b.Default != ""
		}
		bound = append(bound, b)
	}
	return r.Definition, bound
}

// defaultOf is the default of an attribute as text; empty for one that is no scalar.
func defaultOf(ctx context.Context, a schema.Attribute) string {
	switch value := defaultValue(ctx, a).(type) {
	case types.String:
		return value.ValueString()
	case types.Bool:
		return record.Text(value.ValueBool())
	case types.Int64:
		return record.Text(value.ValueInt64())
	}
	return ""
}

// defaultValue is what an attribute of a schema holds where the configuration says nothing; nil without a default.
func defaultValue(ctx context.Context, a any) attr.Value {
	switch a := a.(type) {
	case schema.StringAttribute:
		if a.Default != nil {
			resp := &defaults.StringResponse{}
			a.Default.DefaultString(ctx, defaults.StringRequest{}, resp)
			return resp.PlanValue
		}
	case schema.BoolAttribute:
		if a.Default != nil {
			resp := &defaults.BoolResponse{}
			a.Default.DefaultBool(ctx, defaults.BoolRequest{}, resp)
			return resp.PlanValue
		}
	case schema.Int64Attribute:
		if a.Default != nil {
			resp := &defaults.Int64Response{}
			a.Default.DefaultInt64(ctx, defaults.Int64Request{}, resp)
			return resp.PlanValue
		}
	case schema.SetAttribute:
		if a.Default != nil {
			resp := &defaults.SetResponse{}
			a.Default.DefaultSet(ctx, defaults.SetRequest{}, resp)
			return resp.PlanValue
		}
	}
	return nil
}

// Defaults are the values that a resource's attributes hold where the configuration says nothing, by dotted name.
func Defaults(ctx context.Context, r resource.Resource) (map[string]tftypes.Value, error) {
	var resp resource.SchemaResponse
	r.Schema(ctx, resource.SchemaRequest{}, &resp)
	all := map[string]tftypes.Value{}
	return all, addDefaults(ctx, all, "", resp.Schema.Attributes)
}

func addDefaults[A any](
	ctx context.Context, all map[string]tftypes.Value, within string, attributes map[string]A,
) error {
	for name, a := range attributes {
		if value := defaultValue(ctx, a); value != nil {
			raw, err := value.ToTerraformValue(ctx)
			if err != nil {
				return err
			}
			all[within+name] = raw
		}
		if nested, ok := any(a).(schema.NestedAttribute); ok {
			if err := addDefaults(ctx, all, within+name+".", nested.GetNestedObject().GetAttributes()); err != nil {
				return err
			}
		}
	}
	return nil
}

// LookupBindings lists the fields by which a data source finds and reads one row. It is not ok for a data source that
// does not look rows of one table up.
func LookupBindings(d datasource.DataSource) (l Lookup, bound []Bound, ok bool) {
	i, ok := d.(interface {
		bindings() (Lookup, []Bound)
	})
	if !ok {
		return l, nil, false
	}
	l, bound = i.bindings()
	return l, bound, true
}

func (l *lookup[T, M]) bindings() (Lookup, []Bound) {
	m := M(new(T))
	var bound []Bound
	for _, leaf := range field.Leaves(m, m.Fields()) {
		bound = append(bound, Bound{Field: leaf.Field, Attribute: leaf.Path.String()})
	}
	return l.Lookup, bound
}
