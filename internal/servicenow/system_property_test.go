package servicenow_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func twoProperties(name string) string {
	return fmt.Sprintf(`
resource "servicenow_system_property" "a" {
  name  = %[1]q
  value = "a"
}
resource "servicenow_system_property" "b" {
  name       = %[1]q
  value      = "b"
  depends_on = [servicenow_system_property.a]
}
`, name)
}

func TestSystemProperty(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_system_property", Table: "sys_properties", NaturalKey: byName,
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"x_acme.a"`, Becomes: `"x_acme.b"`, Replaces: true},
			{Name: "value", Column: "value", Is: `"1"`, Becomes: `"2"`, Drift: map[string]string{"value": "3"}},
			{Name: "type", Column: "type", Is: `"integer"`, Becomes: `"string"`, Drift: map[string]string{"type": "integer"}},
			{
				Name: "description", Column: "description", Is: `"first"`, Becomes: `"second"`,
				Drift: map[string]string{"description": "third"},
			},
		},
	}.Test(t)
}

// TestSystemPropertyAdopted takes a property over, changes more of it later, and gives it back as it was.
func TestSystemPropertyAdopted(t *testing.T) {
	t.Parallel()
	const address, query = "servicenow_system_property.test", "name=glide.adopted"
	w := acctest.New(t)
	id, err := w.ServiceNow.Insert("sys_properties", servicenow.Record{
		"name": "glide.adopted", "value": "false", "type": "boolean", "description": "Shipped",
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Settled()
	config := func(rest string) string {
		return "resource \"servicenow_system_property\" \"test\" {\n name = \"glide.adopted\"\n" + rest + "\n}"
	}
	w.Run(
		resource.TestStep{
			Config: config(`value = "true"`),
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(address, "id", id),
				resource.TestCheckResourceAttr(address, "adopted", "true"),
				resource.TestCheckResourceAttr(address, "type", "boolean"),
				holds(w, "sys_properties", query, "value", "true"),
				holds(w, "sys_properties", query, "description", "Shipped"),
			),
		},
		resource.TestStep{Config: config("value = \"7\"\ntype = \"integer\"\ndescription = \"Ours\"")},
		resource.TestStep{
			Config: `data "servicenow_role" "any" { name = "admin" }`,
			Check: resource.ComposeAggregateTestCheckFunc(
				holds(w, "sys_properties", query, "value", "false"),
				holds(w, "sys_properties", query, "type", "boolean"),
				holds(w, "sys_properties", query, "description", "Shipped"),
			),
		},
		// What was only looked at is not written back.
		resource.TestStep{Config: config(`value = "false"`)},
		resource.TestStep{
			PreConfig: func() {
				if err := w.ServiceNow.Set("sys_properties", id, servicenow.Record{"description": "Changed since"}); err != nil {
					t.Fatal(err)
				}
				w.Forget()
			},
			Config: `data "servicenow_role" "any" { name = "admin" }`,
			Check:  holds(w, "sys_properties", query, "description", "Changed since"),
		},
		// The instance says of a row that it hides from a write that there is none.
		resource.TestStep{Config: config(`value = "true"`)},
		resource.TestStep{
			PreConfig: func() {
				if _, err := w.ServiceNow.Faults.Add(fault.Rule{Kind: fault.Status, Status: 404, Method: "PATCH"}); err != nil {
					t.Fatal(err)
				}
			},
			Config:      `data "servicenow_role" "any" { name = "admin" }`,
			ExpectError: regexp.MustCompile(`restoring\s+what\s+it\s+held`),
		},
		resource.TestStep{
			PreConfig: w.ServiceNow.Faults.Clear,
			Config:    `data "servicenow_role" "any" { name = "admin" }`,
			Check:     holds(w, "sys_properties", query, "value", "false"),
		},
	)
}

// TestSystemPropertyRefused writes nothing to properties that the state must not or cannot hold.
func TestSystemPropertyRefused(t *testing.T) {
	t.Parallel()
	const name = "glide.refused"
	config := func(rest string) string {
		return "resource \"servicenow_system_property\" \"test\" {\n name = \"glide.refused\"\n value = \"canary\"\n" + rest +
			"\n}"
	}
	for title, test := range map[string]struct {
		rest   string
		change func(w *acctest.World, id string)
		want   string
	}{
		"password configured": {`type = "password2"`, nil, `A\s+password\s+in\s+a\s+property`},
		"password there": {"", func(w *acctest.World, id string) {
			_ = w.ServiceNow.Set("sys_properties", id, servicenow.Record{"type": "password2"})
		}, `of\s+the\s+type\s+password2`},
		"value withheld": {"", func(w *acctest.World, _ string) {
			w.ServiceNow.HideColumn("sys_properties", "value", true)
		}, `account\s+may\s+not\s+read\s+it`},
		"hidden": {"", func(w *acctest.World, id string) { w.ServiceNow.Hide(id, true) }, `account\s+may\s+not\s+read\s+it`},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			w.ServiceNow.SetProperty(name, "before")
			if test.change != nil {
				test.change(w, w.ServiceNow.Records("sys_properties", "name="+name)[0]["sys_id"])
			}
			w.Settled()
			w.Run(resource.TestStep{Config: config(test.rest), ExpectError: regexp.MustCompile(test.want)})
			if writes := w.Writes(); len(writes) > 0 {
				t.Errorf("written was %v", writes)
			}
		})
	}
}

// TestSystemPropertyLosesReadAccess keeps the state when the value cannot be read any more.
func TestSystemPropertyLosesReadAccess(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const config = "resource \"servicenow_system_property\" \"test\" {\n name = \"x_acme.a\"\n value = \"1\"\n}"
	w.Run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() { w.ServiceNow.HideColumn("sys_properties", "value", true) },
			Config:    config, ExpectError: regexp.MustCompile(`account\s+may\s+not\s+read\s+it`),
		},
		resource.TestStep{PreConfig: func() { w.ServiceNow.HideColumn("sys_properties", "value", false) }, Config: config},
	)
}
