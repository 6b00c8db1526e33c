package lifecycle

import (
	"strings"
	"testing"

	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// shapes has an attribute of each type that a convention is about.
type shapes struct {
	Base
	Name    types.String `tfsdk:"name"`
	Set     types.Set    `tfsdk:"set"`
	List    types.List   `tfsdk:"list"`
	Map     types.Map    `tfsdk:"map"`
	Owned   types.Set    `tfsdk:"owned"`
	Objects types.List   `tfsdk:"objects"`
	Scope   types.String `tfsdk:"scope"`
	SysID   types.String `tfsdk:"sys_id_of"`
}

func (m *shapes) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name), field.Set("set", &m.Set), field.List("list", &m.List),
		field.FurtherColumns(&m.Map), field.Members("owned", &m.Owned), field.Structure("objects", &m.Objects, nil),
		field.String("scope", &m.Scope), field.String("sys_id_of", &m.SysID),
	}
}

func shapesDefinition() Definition {
	text := resourceschema.StringAttribute{Optional: true}
	return Definition{
		Type: "widget", Table: "u_shape", Key: []string{"name"}, MayBeEmpty: []string{"owned"},
		Store: func(*Servers) record.Store { return &shelf{} },
		Attributes: map[string]resourceschema.Attribute{
			"name":  text,
			"set":   resourceschema.SetAttribute{Optional: true, ElementType: types.StringType},
			"list":  resourceschema.ListAttribute{Optional: true, ElementType: types.StringType},
			"map":   resourceschema.MapAttribute{Optional: true, ElementType: types.StringType},
			"owned": resourceschema.SetAttribute{Optional: true, ElementType: types.StringType},
			"objects": resourceschema.ListNestedAttribute{
				Optional: true,
				NestedObject: resourceschema.NestedAttributeObject{
					Attributes: map[string]resourceschema.Attribute{
						"note": text, "inner": resourceschema.ListAttribute{Optional: true, ElementType: types.StringType},
					},
				},
			},
			"scope":     resourceschema.StringAttribute{Optional: true, Validators: []validator.String{SysIDOrScope()}},
			"sys_id_of": resourceschema.StringAttribute{Optional: true, Validators: []validator.String{SysID()}},
		},
	}
}

// TestEmptyValuesAreRefused at every depth, where the definition does not say that [] means something of its own.
func TestEmptyValuesAreRefused(t *testing.T) {
	t.Parallel()
	none := []tftypes.Value{}
	s := newStage(t, connected(DetectByDigest), New[shapes](shapesDefinition()))
	objects := func(attributes map[string]any) []tftypes.Value {
		kind := s.kind.AttributeTypes["objects"].(tftypes.List).ElementType.(tftypes.Object)
		return []tftypes.Value{objectOf(kind, attributes)}
	}
	elements := func(items ...any) []tftypes.Value {
		values := make([]tftypes.Value, len(items))
		for i, item := range items {
			values[i] = tftypes.NewValue(tftypes.String, item)
		}
		return values
	}
	for name, test := range map[string]struct {
		config attributes
		want   string // empty: it is accepted
	}{
		"text":         {attributes{"name": ""}, "An empty string"},
		"set":          {attributes{"set": none}, "An empty set"},
		"list":         {attributes{"list": none}, "An empty list"},
		"map":          {attributes{"map": map[string]string{}}, "An empty map"},
		"objects":      {attributes{"objects": none}, "An empty list"},
		"inner text":   {attributes{"objects": objects(map[string]any{"note": ""})}, "An empty string"},
		"inner list":   {attributes{"objects": objects(map[string]any{"inner": none})}, "An empty list"},
		"inner filled": {attributes{"objects": objects(map[string]any{"note": "n"})}, ""},
		"its own":      {attributes{"name": "n", "owned": none}, ""},
		"elements":     {attributes{"name": "n", "set": elements("a"), "list": elements("b"), "owned": elements("c")}, ""},
		"an empty one": {attributes{"name": "n", "set": elements("a", "")}, "An empty element"},
		"of a list":    {attributes{"name": "n", "list": elements("")}, "An empty element"},
		"of its own":   {attributes{"name": "n", "owned": elements("")}, "An empty element"},
		"a null one":   {attributes{"name": "n", "set": elements("a", nil)}, "An empty element"},
		"an unknown":   {attributes{"name": "n", "set": elements("a", tftypes.UnknownValue)}, ""},
		"unknown":      {attributes{"name": "n", "set": tftypes.UnknownValue, "list": tftypes.UnknownValue}, ""},
	} {
		_, _, errs := s.plan(test.config)
		if test.want == "" && errs != "" || !strings.Contains(errs, test.want) {
			t.Errorf("%s: %q lacks %q", name, errs, test.want)
		}
	}
}

// TestTimeoutsLeaveTime refuses limits that no request can keep.
func TestTimeoutsLeaveTime(t *testing.T) {
	t.Parallel()
	s := newStage(t, connected(DetectByDigest), New[shapes](shapesDefinition()))
	for limit, want := range map[string]string{
		"5m": "", "0s": "leaves no time for a request", "-5s": "leaves no time for a request", "soon": "Duration",
	} {
		limits := map[string]tftypes.Value{}
		for _, operation := range []string{"create", "read", "update", "delete"} {
			limits[operation] = tftypes.NewValue(tftypes.String, limit)
		}
		_, _, errs := s.plan(attributes{"name": "n", "timeouts": limits})
		if want == "" && errs != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: %q lacks %q", limit, errs, want)
		}
	}
}

// TestSysIDs says what a value must be instead, and shows the beginning of one that is long.
func TestSysIDs(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("0a", 16)
	s := newStage(t, connected(DetectByDigest), New[shapes](shapesDefinition()))
	for name, test := range map[string]struct {
		config attributes
		want   string // empty: it is accepted
	}{
		"a sys_id":          {attributes{"sys_id_of": id}, ""},
		"in capitals":       {attributes{"sys_id_of": strings.ToUpper(id)}, "must be a sys_id (32 hex digits): got"},
		"a word":            {attributes{"sys_id_of": "global"}, `got "global". Refer to the id attribute`},
		"unknown":           {attributes{"sys_id_of": tftypes.UnknownValue}, ""},
		"a long one":        {attributes{"sys_id_of": strings.Repeat("x", 61)}, `"` + strings.Repeat("x", 60) + `…"`},
		"one of 60":         {attributes{"sys_id_of": strings.Repeat("x", 60)}, `"` + strings.Repeat("x", 60) + `"`},
		"a scope's id":      {attributes{"scope": id}, ""},
		"a scope's name":    {attributes{"scope": "x_elas2_inc_int"}, ""},
		"the title of one":  {attributes{"scope": "Elastic ITSM"}, "or the name of an application scope: got"},
		"a scope, unquoted": {attributes{"scope": "global"}, ""},
	} {
		test.config["name"] = "n"
		_, _, errs := s.plan(test.config)
		if test.want == "" && errs != "" || !strings.Contains(errs, test.want) {
			t.Errorf("%s: %q lacks %q", name, errs, test.want)
		}
	}
	for _, v := range []validator.String{SysID(), SysIDOr("global"), SysIDOrScope(), notEmpty{}} {
		if plain := v.Description(t.Context()); plain == "" || plain != v.MarkdownDescription(t.Context()) {
			t.Errorf("%T describes itself as %q", v, plain)
		}
	}
}

// TestDefinitionDefaults stores rows of the table that is named, in twenty minutes at most.
func TestDefinitionDefaults(t *testing.T) {
	t.Parallel()
	d, leaves, ok := Inspect(New[noModel](Definition{Type: "widget", Table: "u_widget"})())
	if !ok || d.Timeout != defaultTimeout || d.IdentityAttribute != "connector_id" || len(leaves) != 0 {
		t.Errorf("%+v, %v", d, leaves)
	}
	table, ok := d.Store(&connected(DetectByDigest).Servers).(interface {
		record.Store
		record.Finder
	})
	if !ok || table == nil {
		t.Error("the store is no table")
	}
}
