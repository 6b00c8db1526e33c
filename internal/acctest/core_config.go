package acctest

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// configuration is what Core understands of HCL: a provider block, and resources and data sources.
type configuration struct {
	provider block
	blocks   []block
}

type block struct {
	address, typeName string
	isData            bool
	attributes        hclsyntax.Attributes
	// needs are the addresses that the attributes refer to.
	needs []string
}

func parseConfiguration(text string) (configuration, error) {
	file, diags := hclsyntax.ParseConfig([]byte(text), "main.tf", hcl.InitialPos)
	if diags.HasErrors() {
		return configuration{}, diags
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return configuration{}, fmt.Errorf("a body of the type %T", file.Body)
	}
	var c configuration
	for _, parsed := range body.Blocks {
		b := block{attributes: parsed.Body.Attributes}
		switch parsed.Type {
		case "provider":
			c.provider = b
			continue
		case "data":
			b.address, b.isData = "data.", true
		case "resource":
		default:
			return configuration{}, fmt.Errorf("a block %q is not supported", parsed.Type)
		}
		b.typeName = parsed.Labels[0]
		b.address += parsed.Labels[0] + "." + parsed.Labels[1]
		for _, a := range b.attributes {
			for _, v := range a.Expr.Variables() {
				b.needs = append(b.needs, addressOf(v))
			}
		}
		c.blocks = append(c.blocks, b)
	}
	return c, nil
}

func addressOf(traversal hcl.Traversal) string {
	address, steps := traversal.RootName(), 1
	if address == "data" {
		steps = 2
	}
	for _, step := range traversal[1 : steps+1] {
		if a, ok := step.(hcl.TraverseAttr); ok {
			address += "." + a.Name
		}
	}
	return address
}

// levels sorts the blocks so that each needs only blocks of levels before its own.
func (c configuration) levels() [][]block {
	done := map[string]bool{}
	var levels [][]block
	for left := c.blocks; len(left) > 0; {
		var level, rest []block
		for _, b := range left {
			if slices.ContainsFunc(b.needs, func(need string) bool { return !done[need] }) {
				rest = append(rest, b)
			} else {
				level = append(level, b)
			}
		}
		if len(level) == 0 {
			panic("a reference leads nowhere or in a circle: " + rest[0].address)
		}
		for _, b := range level {
			done[b.address] = true
		}
		levels, left = append(levels, level), rest
	}
	return levels
}

// neededBy reports whether one of these addresses, or of all for nil, refers to address.
func (c configuration) neededBy(address string, by map[string]bool) bool {
	return slices.ContainsFunc(c.blocks, func(b block) bool {
		return (by == nil || by[b.address]) && slices.Contains(b.needs, address)
	})
}

// value evaluates the block as a value of the schema's type.
func (b block) value(as tftypes.Type, known map[string]tftypes.Value) (*tfprotov6.DynamicValue, error) {
	scope := &hcl.EvalContext{
		Variables: variables(b.needs, known),
		Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc},
	}
	attributes := map[string]cty.Value{}
	for name, a := range b.attributes {
		value, diags := a.Expr.Value(scope)
		if diags.HasErrors() {
			return nil, diags
		}
		attributes[name] = value
	}
	data, err := ctyjson.SimpleJSONValue{Value: cty.ObjectVal(attributes)}.MarshalJSON()
	if err != nil {
		return nil, err
	}
	value, err := tfprotov6.DynamicValue{JSON: data}.Unmarshal(as)
	if err != nil {
		return nil, err
	}
	made, err := tfprotov6.NewDynamicValue(as, value)
	return &made, err
}

// variables makes what is needed of the state a scope for expressions.
func variables(needs []string, known map[string]tftypes.Value) map[string]cty.Value {
	byType := map[string]map[string]map[string]cty.Value{}
	for _, address := range needs {
		b := addressParts(address)
		if byType[b[0]] == nil {
			byType[b[0]] = map[string]map[string]cty.Value{}
		}
		if byType[b[0]][b[1]] == nil {
			byType[b[0]][b[1]] = map[string]cty.Value{}
		}
		byType[b[0]][b[1]][b[2]] = toCty(known[address])
	}
	scope := map[string]cty.Value{}
	for kind, types := range byType {
		objects := map[string]cty.Value{}
		for name, named := range types {
			objects[name] = cty.ObjectVal(named)
		}
		if kind == "data" {
			scope["data"] = cty.ObjectVal(objects)
			continue
		}
		for name, object := range objects {
			scope[name] = object
		}
	}
	return scope
}

// addressParts splits an address into its kind, type and name.
func addressParts(address string) [3]string {
	kind := "resource"
	var parts [3]string
	traversal, _ := hclsyntax.ParseTraversalAbs([]byte(address), "", hcl.InitialPos)
	if traversal.RootName() == "data" {
		kind = "data"
		traversal = traversal[1:]
	}
	parts[0] = kind
	for i, step := range traversal {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			parts[i+1] = s.Name
		case hcl.TraverseAttr:
			parts[i+1] = s.Name
		}
	}
	return parts
}

func toCty(v tftypes.Value) cty.Value {
	if v.IsNull() || !v.IsKnown() {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	switch {
	case v.Type().Is(tftypes.String):
		var s string
		_ = v.As(&s)
		return cty.StringVal(s)
	case v.Type().Is(tftypes.Bool):
		var is bool
		_ = v.As(&is)
		return cty.BoolVal(is)
	case v.Type().Is(tftypes.Number):
		n := new(big.Float)
		_ = v.As(&n)
		return cty.NumberVal(n)
	}
	var object map[string]tftypes.Value
	if v.As(&object) == nil {
		values := map[string]cty.Value{}
		for name, inner := range object {
			values[name] = toCty(inner)
		}
		return cty.ObjectVal(values)
	}
	var list []tftypes.Value
	_ = v.As(&list)
	values := make([]cty.Value, 0, len(list))
	for _, inner := range list {
		values = append(values, toCty(inner))
	}
	return cty.TupleVal(values)
}

func pack(t *testing.T, as tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	made, err := tfprotov6.NewDynamicValue(as, value)
	if err != nil {
		t.Fatal(err)
	}
	return &made
}

// proposedObject is what Terraform proposes: the configuration, completed with what was computed before, and without
// what is write-only.
func proposedObject(attributes []*tfprotov6.SchemaAttribute, prior, config tftypes.Value) tftypes.Value {
	if config.IsNull() || !config.IsKnown() {
		return config
	}
	var before, configured map[string]tftypes.Value
	if !prior.IsNull() {
		_ = prior.As(&before)
	}
	_ = config.As(&configured)
	values := map[string]tftypes.Value{}
	for _, a := range attributes {
		as := a.ValueType()
		was, had := before[a.Name]
		if !had {
			was = tftypes.NewValue(as, nil)
		}
		is := configured[a.Name]
		switch {
		case a.WriteOnly:
			is = tftypes.NewValue(as, nil)
		case a.Computed && is.IsNull():
			is = was
		case a.NestedType != nil:
			is = proposedNested(a.NestedType, was, is)
		}
		values[a.Name] = is
	}
	return tftypes.NewValue(config.Type(), values)
}

func proposedNested(nested *tfprotov6.SchemaObject, prior, config tftypes.Value) tftypes.Value {
	if config.IsNull() || !config.IsKnown() {
		return config
	}
	if nested.Nesting == tfprotov6.SchemaObjectNestingModeSingle {
		return proposedObject(nested.Attributes, prior, config)
	}
	var list []tftypes.Value
	if config.As(&list) == nil {
		for i, element := range list {
			list[i] = proposedObject(nested.Attributes, tftypes.NewValue(element.Type(), nil), element)
		}
		return tftypes.NewValue(config.Type(), list)
	}
	var elements, before map[string]tftypes.Value
	_ = config.As(&elements)
	if !prior.IsNull() {
		_ = prior.As(&before)
	}
	values := map[string]tftypes.Value{}
	for key, element := range elements {
		was, had := before[key]
		if !had {
			was = tftypes.NewValue(element.Type(), nil)
		}
		values[key] = proposedObject(nested.Attributes, was, element)
	}
	return tftypes.NewValue(config.Type(), values)
}

// differs returns the place of a planned value that the result does not hold, as Terraform looks at it; "" for none.
func differs(planned, result tftypes.Value, at string) string {
	switch {
	case !planned.IsKnown():
		return ""
	case planned.IsNull() != result.IsNull():
		return at
	case planned.IsNull() || planned.Equal(result):
		return ""
	}
	var want, got map[string]tftypes.Value
	if planned.As(&want) != nil || result.As(&got) != nil {
		if planned.IsFullyKnown() {
			return at
		}
		return ""
	}
	for name, inner := range want {
		there, ok := got[name]
		if !ok {
			return at + "." + name
		}
		if where := differs(inner, there, at+"."+name); where != "" {
			return where
		}
	}
	return ""
}
