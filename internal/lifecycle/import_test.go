package lifecycle

import (
	"errors"
	"maps"
	"strings"
	"testing"

	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// identified imports by an identity, as Terraform 1.12 and newer do, and reads what was imported.
func (s *stage) identified(values map[string]any) string {
	s.t.Helper()
	schemas, err := s.server.GetResourceIdentitySchemas(s.t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil || failed(schemas.Diagnostics) != "" {
		s.t.Fatal(err, failed(schemas.Diagnostics))
	}
	kind := schemas.IdentitySchemas["servicenow_widget"].ValueType().(tftypes.Object)
	attributes := map[string]tftypes.Value{}
	for name, of := range kind.AttributeTypes {
		attributes[name] = tftypes.NewValue(of, nil)
		switch value := values[name].(type) {
		case nil:
		case []string:
			items := make([]tftypes.Value, len(value))
			for i, item := range value {
				items[i] = tftypes.NewValue(tftypes.String, item)
			}
			attributes[name] = tftypes.NewValue(of, items)
		default:
			attributes[name] = tftypes.NewValue(of, value)
		}
	}
	data, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, attributes))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.server.ImportResourceState(s.t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: "servicenow_widget", Identity: &tfprotov6.ResourceIdentityData{IdentityData: &data},
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

// TestImportByIdentity takes the id of an identity, whatever the natural key is.
func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	store := filledLibrary(1)
	s := widgets(t, &store.shelf)
	id := store.rows[keysOf(store.rows)[0]].ID
	s.must(s.identified(map[string]any{"id": id}))
	if s.text("id") != id || s.text("name") != "n0" || s.text("note") != "note 0" {
		t.Errorf("imported %v", s.state)
	}
	s.fails(s.identified(map[string]any{"id": "rubbish"}), `"rubbish" is no sys_id`)
}

// TestImportIntoKibana takes a space before the id, or of the identity, and nothing for a space that is part of a name.
func TestImportIntoKibana(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		id       string
		identity map[string]any
		space    string // that is read; "" is the connection's own
		want     string
	}{
		"an id":                      {"a", nil, "", "one"},
		"of a space":                 {"team/a", nil, "team", "one"},
		"by name":                    {"name=one", nil, "", "one"},
		"by name, in a space":        {"team/name=one", nil, "team", "one"},
		"a name with a slash":        {"name=x/y", nil, "", "x/y"},
		"by identity":                {"", map[string]any{"connector_id": "a"}, "", "one"},
		"by identity, in a space":    {"", map[string]any{"connector_id": "a", "space_id": "team"}, "team", "one"},
		"by identity, in a typed id": {"", map[string]any{"connector_id": "e/f", "space_id": "team"}, "team", "slash"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := plugs()
			store.rows["e/f"] = record.Record{ID: "e/f", Values: map[string]any{"name": "slash"}}
			store.rows["g"] = record.Record{ID: "g", Values: map[string]any{"name": "x/y"}}
			s := newStage(t, inKibana(), New[plug](plugDefinition(store)))
			if test.id != "" {
				s.must(s.importAs(test.id))
			} else {
				s.must(s.identified(test.identity))
			}
			if s.text("name") != test.want {
				t.Errorf("imported %s", s.text("name"))
			}
			if space := strings.TrimPrefix(s.text("space_id"), "<null>"); space != test.space {
				t.Errorf("imported from the space %q", space)
			}
			if len(store.asked) > 0 && store.asked[0].Space != test.space {
				t.Errorf("looked in the space %q", store.asked[0].Space)
			}
		})
	}
}

// TestImportOfSeveral lists what there is to import, in the space that was asked for.
func TestImportOfSeveral(t *testing.T) {
	t.Parallel()
	store := plugs()
	store.rows["e"] = record.Record{ID: "e", Values: map[string]any{"name": "one"}}
	s := newStage(t, inKibana(), New[plug](plugDefinition(store)))
	errs := s.importAs("team/name=one")
	for _, want := range []string{
		"Several records have team/name=one", "terraform import servicenow_widget.NAME team/a", "NAME team/e",
	} {
		s.fails(errs, want)
	}
	errs = s.importAs("name=one")
	s.fails(errs, "terraform import servicenow_widget.NAME a\n")
	store.fails = errors.New("no Kibana")
	s.fails(s.importAs("name=one"), "Looking for name=one: no Kibana.")
	blind := newStage(t, inKibana(), New[plug](plugDefinition(struct{ record.Store }{&shelf{}})))
	blind.fails(blind.importAs("name=one"), "imported by its id only")
}

// pairDefinition is that of a widget whose key has two columns.
func pairDefinition(store record.Store) Definition {
	d := widgetDefinition(store)
	d.Key = []string{"name", "note"}
	return d
}

// TestImportByTwoParts splits an id at the first slash only, and says which form it has.
func TestImportByTwoParts(t *testing.T) {
	t.Parallel()
	library := filledLibrary(2)
	id := strings.Repeat("0", 31) + "1"
	maps.Copy(library.rows[id].Values, map[string]any{"note": "a/b"})
	s := newStage(t, connected(DetectByDigest), New[widget](pairDefinition(&library.shelf)))
	s.must(s.importAs("n0/a/b"))
	if s.text("id") != id || s.text("note") != "a/b" {
		t.Errorf("imported %v", s.state)
	}
	s.fails(s.importAs("n0"), `"n0" is no sys_id (32 hex digits) and not of the form name/note`)
	s.must(s.importAs(id))
	keyless := widgetDefinition(&library.shelf)
	keyless.Key = nil
	s = newStage(t, connected(DetectByDigest), New[widget](keyless))
	s.fails(s.importAs("name=n0"), "is no sys_id")
	s.must(s.importAs(id))
}

// TestImportOfAnyTable takes table, id and columns apart, and reads the columns that it names.
func TestImportOfAnyTable(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("0", 31) + "1"
	for name, test := range map[string]struct {
		id       string
		identity map[string]any
		values   string
	}{
		"without columns": {"u_thing/" + id, nil, ""},
		"with columns":    {"u_thing/" + id + "/name, color,", nil, "color=red name=n0"},
		"by identity": {
			"", map[string]any{"table": "u_thing", "id": id, "columns": []string{"name"}}, "name=n0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, connected(DetectByDigest), New[row](rowDefinition(filledLibrary(1))))
			if test.id != "" {
				s.must(s.importAs(test.id))
			} else {
				s.must(s.identified(test.identity))
			}
			if s.text("id") != id || s.text("table") != "u_thing" || s.text("note") != "note 0" {
				t.Errorf("imported %v", s.state)
			}
			var values map[string]tftypes.Value
			if err := s.attributes(s.state)["values"].As(&values); err != nil {
				t.Fatal(err)
			}
			kind := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
			for column := range values {
				kind.AttributeTypes[column] = tftypes.String
			}
			if got := flat(t, tftypes.NewValue(kind, values)); got != test.values {
				t.Errorf("imported the columns %q, not %q", got, test.values)
			}
		})
	}
	s := newStage(t, connected(DetectByDigest), New[row](rowDefinition(filledLibrary(1))))
	for _, odd := range []string{id, "u_thing/", "/" + id, "u_thing/name=n0", "u_thing/" + id[1:]} {
		s.fails(s.importAs(odd), `"`+odd+`" is neither TABLE/SYS_ID nor TABLE/SYS_ID/COLUMN,COLUMN`)
	}
}

// TestIdentityIsKept has the identity beside the state after a create and a read, as Terraform demands.
func TestIdentityIsKept(t *testing.T) {
	t.Parallel()
	s := newStage(t, connected(DetectByDigest), New[row](rowDefinition(filledLibrary(1))))
	id := strings.Repeat("0", 31) + "1"
	schemas, err := s.server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	kind := schemas.IdentitySchemas["servicenow_widget"].ValueType()
	s.must(s.importAs("u_thing/" + id))
	resp, err := s.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: "servicenow_widget", CurrentState: s.dynamic(s.state), Private: s.private,
	})
	if err != nil || failed(resp.Diagnostics) != "" {
		t.Fatal(err, failed(resp.Diagnostics))
	}
	identity, err := resp.NewIdentity.IdentityData.Unmarshal(kind)
	if err != nil || flat(t, identity) != "id="+id+" table=u_thing" {
		t.Errorf("the identity is %s (%v)", flat(t, identity), err)
	}
}

// TestImportSetsDefaults leaves no attribute null that the configuration alone knows, so that an import plans nothing.
func TestImportSetsDefaults(t *testing.T) {
	t.Parallel()
	d := widgetDefinition(&filledLibrary(1).shelf)
	flag, ok := d.Attributes["adopt_existing"].(resourceschema.BoolAttribute)
	if !ok || flag.Default == nil {
		t.Fatal("the widget has no default")
	}
	s := newStage(t, connected(DetectByDigest), New[widget](d))
	s.must(s.importAs("name=n0"))
	planned, _, errs := s.plan(attributes{"name": "n0", "note": "note 0"})
	s.must(errs)
	if !planned.Equal(s.state) {
		t.Errorf("an import plans %v of %v", planned, s.state)
	}
}
