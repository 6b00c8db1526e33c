package acctest

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// Attribute says how one attribute is tested. Is and Becomes are HCL; an empty one leaves the attribute out.
type Attribute struct {
	Name, Is, Becomes string
	// Columns are what the server must hold for Is and for Becomes, by column. For one plain column Column is enough.
	Columns [2]map[string]string
	Column  string
	// Drift is what another administrator changes, by column; empty where the attribute cannot drift.
	Drift map[string]string
	// Replaces means that a change makes a new record.
	Replaces bool
	// Secret means that the attribute is write-only.
	Secret bool
}

// Resource says how a resource of one ServiceNow table is tested.
type Resource struct {
	// Type is the resource's whole name, and Table its table.
	Type, Table string
	// Needs is HCL that the attributes refer to.
	Needs string
	// Attributes must cover every attribute that can be configured.
	Attributes []Attribute
	// NaturalKey makes the import id from the record, beside the sys_id.
	NaturalKey func(servicenow.Record) string
	// CreateWrites is how many requests a create writes with; 1 by default.
	CreateWrites int
	// Elsewhere are attributes that other tests take through their lives, since they exclude these.
	Elsewhere []string
	// Unread are attributes that no import can read, beside the write-only ones' versions.
	Unread []string
	// Options change the simulator.
	World *World
}

func (r Resource) address() string { return r.Type + ".test" }

// config writes the resource; which chooses the value of each attribute.
func (r Resource) config(which func(Attribute) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nresource %q \"test\" {\n", r.Needs, r.Type)
	for _, a := range r.Attributes {
		if value := which(a); value != "" {
			fmt.Fprintf(&b, "  %s = %s\n", a.Name, value)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func (a Attribute) holds(becomes bool) map[string]string {
	which, value := 0, a.Is
	if becomes {
		which, value = 1, a.Becomes
	}
	if a.Columns[which] != nil {
		return a.Columns[which]
	}
	if a.Column == "" || strings.Contains(value, ".") && !strings.HasPrefix(value, `"`) && !reference.MatchString(value) {
		return nil
	}
	return map[string]string{a.Column: strings.Trim(value, `"`)}
}

// reference matches an expression that is one attribute of another resource or of a data source.
var reference = regexp.MustCompile(`^((?:data\.)?servicenow_\w+\.\w+)\.(\w+)$`)

// resolved is the value that an expression has in a state, where it is a reference, and the expression otherwise.
func resolved(s *terraform.State, expression string) (string, error) {
	parts := reference.FindStringSubmatch(expression)
	if parts == nil {
		return expression, nil
	}
	referred, ok := s.RootModule().Resources[parts[1]]
	if !ok || referred.Primary.Attributes[parts[2]] == "" {
		return "", fmt.Errorf("%s has no value in the state", expression)
	}
	return referred.Primary.Attributes[parts[2]], nil
}

// coversSchema fails where an attribute that can be configured is in no life. What every resource has, others test.
func (r Resource) coversSchema(t *testing.T) {
	t.Helper()
	schemas, err := served()
	if err != nil {
		t.Fatal(err)
	}
	schema := schemas.ResourceSchemas[r.Type]
	if schema == nil {
		t.Fatalf("the provider has no %s", r.Type)
	}
	common := []string{"timeouts", "scope_id", "additional_columns", "adopt_existing"}
	for _, a := range schema.Block.Attributes {
		listed := slices.ContainsFunc(r.Attributes, func(tested Attribute) bool { return tested.Name == a.Name })
		apart := slices.Contains(slices.Concat(common, r.Elsewhere), a.Name) || strings.HasSuffix(a.Name, "_wo_version")
		if (a.Required || a.Optional) && !listed && !apart {
			t.Errorf("%s.%s is not among the Attributes of its test", r.Type, a.Name)
		}
	}
}

// Test takes the resource through its life.
func (r Resource) Test(t *testing.T) {
	t.Helper()
	r.coversSchema(t)
	w := r.World
	if w == nil {
		w = New(t)
	}
	initial := func(a Attribute) string { return a.Is }
	changed := func(a Attribute) string {
		if a.Replaces {
			return a.Is
		}
		return a.Becomes
	}
	var id string
	create, after := r.config(initial), r.config(changed)
	var steps []resource.TestStep
	if r.Needs != "" {
		steps = append(steps, resource.TestStep{Config: r.Needs}) // apart, so that the writes of the create can be counted
	}
	steps = append(steps, []resource.TestStep{
		{
			PreConfig: w.Forget,
			Config:    create,
			Check: resource.ComposeAggregateTestCheckFunc(
				r.remember(&id), r.stored(w, &id, func(a Attribute) map[string]string { return a.holds(false) }),
				func(*terraform.State) error { return r.createdBy(w, id) }),
		},
		{
			// No import can know which further columns the configuration is going to own, and a configured secret is sent
			// by the first update.
			Config: r.config(func(a Attribute) string {
				if a.Name == "additional_columns" || a.Secret || strings.HasSuffix(a.Name, "_wo_version") {
					return ""
				}
				return a.Is
			}),
			ResourceName: r.address(), ImportState: true, ImportStateKind: resource.ImportBlockWithID,
		},
	}...)
	if r.NaturalKey != nil {
		steps = append(steps, resource.TestStep{
			ResourceName: r.address(), ImportState: true, ImportStateVerify: true,
			ImportStateVerifyIgnore: r.ignored(),
			ImportStateIdFunc: func(*terraform.State) (string, error) {
				record, ok := w.ServiceNow.Record(r.Table, id)
				if !ok {
					return "", fmt.Errorf("no record %s", id)
				}
				return r.NaturalKey(record), nil
			},
		})
	}
	if after != create {
		steps = append(steps, resource.TestStep{
			PreConfig: w.Forget,
			Config:    after,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(r.address(), plancheck.ResourceActionUpdate),
			}},
			Check: resource.ComposeAggregateTestCheckFunc(
				r.stored(w, &id, func(a Attribute) map[string]string { return a.holds(!a.Replaces) }),
				func(*terraform.State) error { return r.changedOnly(w) }),
		})
	}
	steps = append(steps, r.outside(w, &id, after)...)
	for _, a := range r.Attributes {
		if !a.Replaces || a.Becomes == "" {
			continue
		}
		steps = append(steps, resource.TestStep{
			Config: r.config(func(b Attribute) string {
				if b.Name == a.Name {
					return b.Becomes
				}
				return changed(b)
			}),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(r.address(), plancheck.ResourceActionReplace),
			}},
		})
	}
	w.Run(steps...)
}

// outside changes, hides and deletes the record behind Terraform's back.
func (r Resource) outside(w *World, id *string, config string) []resource.TestStep {
	var steps []resource.TestStep
	drift, drifting := servicenow.Record{}, []string{}
	for _, a := range r.Attributes {
		for column, value := range a.Drift {
			drift[column] = value
		}
		if len(a.Drift) > 0 {
			drifting = append(drifting, a.Name)
		}
	}
	must := func(err error) {
		if err != nil {
			w.t.Fatal(err)
		}
	}
	if len(drift) > 0 {
		steps = append(steps, resource.TestStep{
			PreConfig:        func() { must(w.ServiceNow.Set(r.Table, *id, drift)) },
			Config:           config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{Drifts(r.address(), drifting...)}},
		})
	}
	return append(steps,
		resource.TestStep{
			PreConfig:   func() { w.ServiceNow.Hide(*id, true) },
			Config:      config,
			ExpectError: regexp.MustCompile(`account\s+may\s+not\s+read\s+it`),
		},
		resource.TestStep{
			PreConfig: func() { w.ServiceNow.Hide(*id, false); must(w.ServiceNow.Delete(r.Table, *id)) },
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(r.address(), plancheck.ResourceActionCreate),
			}},
			Check: r.remember(id),
		})
}

func (r Resource) remember(id *string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		found, ok := s.RootModule().Resources[r.address()]
		if !ok {
			return fmt.Errorf("%s is not in the state", r.address())
		}
		*id = found.Primary.ID
		return nil
	}
}

// stored compares the record on the server with what the attributes say.
func (r Resource) stored(w *World, id *string, want func(Attribute) map[string]string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		record, ok := w.ServiceNow.Record(r.Table, *id)
		if !ok {
			return fmt.Errorf("%s holds no record %s", r.Table, *id)
		}
		for _, a := range r.Attributes {
			for column, expression := range want(a) {
				value, err := resolved(s, expression)
				if err != nil {
					return err
				}
				if record[column] != value {
					return fmt.Errorf("%s: the column %s holds %q, not %q", a.Name, column, record[column], value)
				}
			}
		}
		return nil
	}
}

// createdBy holds that a create costs the requests that it may, and that nothing reads the record that it made.
func (r Resource) createdBy(w *World, id string) error {
	want := max(r.CreateWrites, 1)
	made := false
	for _, request := range w.ServiceNow.Requests() {
		if made && request.Method == http.MethodGet && strings.Contains(request.Path+"?"+request.Query, id) {
			return fmt.Errorf("the record that was made is read: GET %s?%s", request.Path, request.Query)
		}
		made = made || request.Method == http.MethodPost && request.Path == "/api/now/table/"+r.Table
	}
	if !made {
		return fmt.Errorf("no record of %s was made", r.Table)
	}
	var got []string
	for _, write := range w.Writes() {
		if strings.HasPrefix(write, "POST "+r.Table+" ") || strings.HasPrefix(write, "PATCH "+r.Table+" ") {
			got = append(got, write)
		}
	}
	if len(got) != want {
		return fmt.Errorf("creating took %d writes, not %d:\n%s", len(got), want, strings.Join(got, "\n"))
	}
	return nil
}

// changedOnly holds that an update sends what changes, and no column whose value stays.
func (r Resource) changedOnly(w *World) error {
	may := map[string]bool{}
	for _, a := range r.Attributes {
		if a.Is == a.Becomes || a.Replaces {
			continue
		}
		may[a.Column] = true
		for _, columns := range a.Columns {
			for column := range columns {
				may[column] = true
			}
		}
	}
	delete(may, "")
	updates := 0
	for _, write := range w.Writes() {
		words := strings.Fields(write)
		if len(words) < 3 || words[0] != "PATCH" || words[1] != r.Table {
			continue
		}
		updates++
		for column := range strings.SplitSeq(words[2], ",") {
			if !may[column] {
				return fmt.Errorf("the update sent the column %s, which did not change: %s", column, write)
			}
		}
	}
	if updates == 0 && len(may) > 0 {
		return fmt.Errorf("columns of %s change, and no update was sent", r.Table)
	}
	return nil
}

func (r Resource) ignored() []string {
	ignored := append([]string{"timeouts", "additional_columns", "secrets_updated_at"}, r.Unread...)
	for _, a := range r.Attributes {
		if a.Secret || strings.HasSuffix(a.Name, "_wo_version") {
			ignored = append(ignored, a.Name)
		}
		if a.Name == "additional_columns" {
			ignored = append(ignored, "additional_columns.%")
			for column := range a.Columns[0] {
				ignored = append(ignored, "additional_columns."+column)
			}
		}
	}
	return ignored
}

// Drifts expects an update in place that repairs at least these attributes.
func Drifts(address string, attributes ...string) plancheck.PlanCheck {
	return drifts{address, attributes}
}

type drifts struct {
	address    string
	attributes []string
}

func (d drifts) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	i := slices.IndexFunc(req.Plan.ResourceChanges, func(c *tfjson.ResourceChange) bool { return c.Address == d.address })
	if i < 0 {
		resp.Error = fmt.Errorf("%s is not in the plan", d.address)
		return
	}
	change := req.Plan.ResourceChanges[i].Change
	if !change.Actions.Update() {
		resp.Error = fmt.Errorf("%s is planned to %v, not to be updated", d.address, change.Actions)
		return
	}
	before, _ := change.Before.(map[string]any)
	after, _ := change.After.(map[string]any)
	for _, name := range d.attributes {
		if fmt.Sprint(before[name]) == fmt.Sprint(after[name]) {
			resp.Error = fmt.Errorf("the plan does not show the drift of %s: %v", name, before[name])
			return
		}
	}
}
