package lifecycle

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest/resttest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// joint refers to a user, and belongs to an application.
type joint struct {
	Base
	Name  types.String `tfsdk:"name"`
	Owner types.String `tfsdk:"owner_id"`
	App   types.String `tfsdk:"application_id"`
	Note  types.String `tfsdk:"note"`
}

func (m *joint) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name), field.Reference(field.String("owner", &m.Owner), "u_owner"),
		field.ApplicationOf("app", &m.App), field.String("note", &m.Note),
	}
}

func sysIDOf(n int) string { return fmt.Sprintf("%032x", n) }

// jointStage serves joints, on an instance whose only owner is 1 and whose application sn_si is 7.
func jointStage(t *testing.T, store *shelf) (s *stage, looks *atomic.Int32, refuse *atomic.Bool) {
	t.Helper()
	looks, refuse = new(atomic.Int32), new(atomic.Bool)
	url := resttest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query().Get("sysparm_query")
		id := ""
		switch {
		case refuse.Load():
			resttest.AnswerJSON(w, http.StatusForbidden, `{"error":{"message":"no","detail":""},"status":"failure"}`)
			return
		case r.URL.Path == "/api/now/table/sys_scope":
			if strings.Contains(query, "sn_si") {
				id = sysIDOf(7)
			}
		case r.URL.Path != "/api/now/table/u_owner":
			t.Errorf("asked for %s", r.URL.Path)
		case query == "" || strings.Contains(query, sysIDOf(1)) || query == "ORDERBYsys_id":
			id = sysIDOf(1)
			fallthrough
		default:
			looks.Add(1)
		}
		if id == "" {
			w.Header().Set("X-Total-Count", "0")
			resttest.AnswerJSON(w, http.StatusOK, `{"result":[]}`)
			return
		}
		w.Header().Set("X-Total-Count", "1")
		resttest.AnswerJSON(w, http.StatusOK, `{"result":[{"sys_id":"`+id+`","scope":"sn_si"}]}`)
	})
	client, err := servicenowapi.New(resttest.BasicConfig(url))
	if err != nil {
		t.Fatal(err)
	}
	client.SingleReads = true
	text := resourceschema.StringAttribute{Optional: true}
	d := Definition{
		Type: "widget", Table: "u_joint", Key: []string{"name"}, Store: widgetDefinition(store).Store,
		Attributes: map[string]resourceschema.Attribute{
			"name": text, "owner_id": text, "application_id": text, "note": text,
		},
	}
	return newStage(t, &Connection{Servers: Servers{ServiceNow: client}}, New[joint](d)), looks, refuse
}

// TestMissingReferences warns at plan and refuses at apply what the instance proves not to have, at the attribute, and
// looks only at references that change.
func TestMissingReferences(t *testing.T) {
	t.Parallel()
	store := &shelf{}
	s, looks, _ := jointStage(t, store)
	missing := attributes{"name": "n", "owner_id": sysIDOf(2)}
	if _, _, errs := s.plan(missing); errs != "" || !strings.Contains(s.warned, "owner_id is "+sysIDOf(2)) ||
		!strings.Contains(s.warned, "the table u_owner of this instance has no such record") {
		t.Errorf("%s, warned %q", errs, s.warned)
	}
	s.fails(s.apply(missing), "Nothing was written")
	if calls := store.called(); calls != "" || !s.state.IsNull() {
		t.Errorf("calls: %s", calls)
	}
	s.must(s.apply(attributes{"name": "n", "owner_id": sysIDOf(1)}))
	if s.warned != "" {
		t.Errorf("warned %q", s.warned)
	}
	before := looks.Load()
	s.must(s.apply(attributes{"name": "n", "owner_id": sysIDOf(1), "note": "other"}))
	if looks.Load() != before {
		t.Error("a reference that stays is looked at")
	}
	s.fails(s.apply(attributes{"name": "n", "owner_id": sysIDOf(2)}), "Nothing was written")
	if s.text("owner_id") != sysIDOf(1) {
		t.Errorf("the state is %v", s.state)
	}
	s.must(s.apply(attributes{"name": "n", "owner_id": "not a sys_id"})) // the schema's validators refuse it
}

// TestSpellingsOfAnApplication plans nothing for another spelling of one application, and a replacement for another.
func TestSpellingsOfAnApplication(t *testing.T) {
	t.Parallel()
	store := &shelf{}
	s, _, refuse := jointStage(t, store)
	s.must(s.apply(attributes{"name": "n", "application_id": sysIDOf(7)}))
	planned, _, errs := s.plan(attributes{"name": "n", "application_id": "sn_si"})
	s.must(errs)
	if !planned.Equal(s.state) || len(s.replaced) > 0 {
		t.Errorf("another spelling plans %v, replacing for %v", planned, s.replaced)
	}
	if _, _, errs = s.plan(attributes{"name": "n", "application_id": sysIDOf(8)}); errs != "" ||
		fmt.Sprint(s.replaced) != "[application_id]" {
		t.Errorf("%s, replaces for %v", errs, s.replaced)
	}
	if _, _, errs = s.plan(attributes{"name": "n", "application_id": tftypes.UnknownValue}); errs != "" ||
		fmt.Sprint(s.replaced) != "[application_id]" {
		t.Errorf("%s, replaces for %v", errs, s.replaced)
	}
	_, _, errs = s.plan(attributes{"name": "n", "application_id": "x_none"})
	s.fails(errs, "An application that cannot be found")
	refuse.Store(true)
	_, _, errs = s.plan(attributes{"name": "n", "application_id": "x_other"})
	s.fails(errs, "The account may not do this")
}
