package servicenow_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func recordConfig(attributes string) string {
	return "resource \"servicenow_record\" \"test\" {\n" + attributes + "\n}\n"
}

func TestRecord(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const address = "servicenow_record.test"
	var id string
	const before = `
  table            = "sys_properties"
  values           = { name = "elastic.enabled", value = "true", type = "boolean", description = null }
  computed_columns = ["sys_created_by"]
`
	const after = `
  table            = "sys_properties"
  values           = { name = "elastic.enabled", value = "false", description = "Elastic" }
  computed_columns = ["sys_created_by", "sys_mod_count"]
`
	remember := func(s *terraform.State) error {
		id = s.RootModule().Resources[address].Primary.ID
		return nil
	}
	w.Run(
		resource.TestStep{
			Config: recordConfig(before),
			Check: resource.ComposeAggregateTestCheckFunc(remember,
				resource.TestCheckResourceAttr(address, "computed_values.sys_created_by", "admin"),
				wrote(w, "POST sys_properties name,type,value")),
		},
		resource.TestStep{ // columns named in the import id are owned from the start
			ResourceName: address, ImportState: true, ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{
				"computed_columns", "computed_values", "values.description", "values.%",
				"computed_columns.#", "computed_values.%", "computed_columns.0", "computed_values.sys_created_by",
			},
			ImportStateIdFunc: func(*terraform.State) (string, error) {
				return "sys_properties/" + id + "/name,value,type", nil
			},
		},
		resource.TestStep{
			PreConfig: w.Forget,
			Config:    recordConfig(after),
			Check: resource.ComposeAggregateTestCheckFunc(
				wrote(w, "PATCH sys_properties description,type,value"), // type is cleared
				resource.TestCheckResourceAttr(address, "computed_values.sys_mod_count", "1")),
		},
		resource.TestStep{ // another column of the record is nobody's business, and one of ours is
			PreConfig: func() {
				drift := servicenow.Record{"value": "other", "type": "string"}
				if err := w.ServiceNow.Set("sys_properties", id, drift); err != nil {
					t.Error(err)
				}
				w.Forget()
			},
			Config:           recordConfig(after),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{acctest.Drifts(address, "values")}},
			Check:            wrote(w, "PATCH sys_properties value"),
		},
		resource.TestStep{ // only the columns to read change: nothing is written
			PreConfig: w.Forget,
			Config:    recordConfig(strings.ReplaceAll(after, `"sys_mod_count"`, `"sys_updated_by"`)),
			Check: resource.ComposeAggregateTestCheckFunc(wrote(w),
				resource.TestCheckResourceAttr(address, "computed_values.sys_updated_by", "admin")),
		},
		resource.TestStep{
			PreConfig: func() { w.ServiceNow.Hide(id, true) },
			Config:    recordConfig(after), ExpectError: regexp.MustCompile(`may\s+not\s+read\s+it`),
		},
		resource.TestStep{
			PreConfig: func() {
				w.ServiceNow.Hide(id, false)
				if err := w.ServiceNow.Delete("sys_properties", id); err != nil {
					t.Error(err)
				}
			},
			Config: recordConfig(after),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
			}},
		},
	)
}

// An import without columns shows the configured ones in the first plan, and writes only what differs.
func TestRecordImportedWithoutColumns(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	row := servicenow.Record{"name": "elastic.a", "value": "1", "description": "x"}
	id, err := w.ServiceNow.Insert("sys_properties", row)
	if err != nil {
		t.Fatal(err)
	}
	w.Settled() // Terraform forgets the row at the end
	config := func(value string) string {
		return fmt.Sprintf(`
import {
  to = servicenow_record.test
  id = "sys_properties/%s"
}
resource "servicenow_record" "test" {
  table  = "sys_properties"
  values = { name = "elastic.a", value = %q }
}
`, id, value)
	}
	w.Run(resource.TestStep{
		PreConfig: w.Forget, Config: config("2"), Check: wrote(w, "PATCH sys_properties value"),
	}, resource.TestStep{
		Config: w.Provider() + `removed {
  from = servicenow_record.test
  lifecycle { destroy = false }
}`,
	})
}

func TestRecordSecrets(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const address = "servicenow_record.test"
	config := func(secrets string) string {
		return recordConfig("table = \"sys_certificate\"\nvalues = { name = \"store\" }\n" + secrets)
	}
	holds := func(want string) resource.TestCheckFunc {
		return func(s *terraform.State) error {
			id := s.RootModule().Resources[address].Primary.ID
			if got := w.ServiceNow.Secret("sys_certificate", id, "key_store_password"); got != want {
				return fmt.Errorf("the instance holds another secret than %q", want)
			}
			return nil
		}
	}
	both := resource.ComposeAggregateTestCheckFunc
	w.Run(
		resource.TestStep{
			Config: config(`secret_values_wo = { key_store_password = "first" }`),
			Check: both(holds("first"), resource.TestCheckResourceAttrSet(address, "secrets_updated_at"),
				resource.TestCheckNoResourceAttr(address, "secret_values_wo.key_store_password"),
				wrote(w, "POST sys_certificate key_store_password,name")),
		},
		resource.TestStep{
			PreConfig: w.Forget, Config: config(`secret_values_wo = { key_store_password = "second" }`),
			Check: both(holds("second"), wrote(w, "PATCH sys_certificate key_store_password")),
		},
		resource.TestStep{
			PreConfig: w.Forget, Config: config(``),
			Check: both(holds(""), wrote(w, "PATCH sys_certificate key_store_password")),
		},
		resource.TestStep{
			Config: config("secret_values_wo = { key_store_password = \"third\" }\nsecret_values_wo_version = 1"),
			Check:  holds("third"),
		},
		resource.TestStep{
			PreConfig: w.Forget,
			Config:    config("secret_values_wo = { key_store_password = \"fourth\" }\nsecret_values_wo_version = 1"),
			Check:     both(holds("third"), wrote(w)),
		},
		resource.TestStep{
			Config: config("secret_values_wo = { key_store_password = \"fourth\" }\nsecret_values_wo_version = 2"),
			Check:  holds("fourth"),
		},
	)
}

// TestRecordColumnThatIsNoSecretAnyMore moves a column from the secrets to the values: its value is written, not
// cleared.
func TestRecordColumnThatIsNoSecretAnyMore(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const address = "servicenow_record.test"
	secret := recordConfig(`
  table            = "sys_properties"
  values           = { name = "elastic.a" }
  secret_values_wo = { value = "hidden" }`)
	plain := recordConfig(`
  table  = "sys_properties"
  values = { name = "elastic.a", value = "shown" }`)
	w.Run(
		resource.TestStep{Config: secret},
		resource.TestStep{Config: plain, Check: resource.TestCheckResourceAttr(address, "values.value", "shown")},
		resource.TestStep{Config: plain, PlanOnly: true},
		resource.TestStep{Config: secret},
		resource.TestStep{Config: secret, PlanOnly: true},
	)
}

func TestRecordRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ attributes, want string }{
		"name for a column": {`values = { "Short description" = "x" }`, `must\s+be\s+a\s+column's\s+name`},
		"owned column":      {`values = { sys_scope = "global" }`, `scope_id`},
		"in two places": {
			"values = { name = \"x\" }\nsecret_values_wo = { name = \"y\" }", `A\s+column\s+in\s+two\s+places`,
		},
		"a secret to read": {
			"values = {}\ncomputed_columns = [\"value\"]\nsecret_values_wo = { value = \"y\" }",
			`A\s+secret\s+would\s+be\s+shown`,
		},
		"read and written": {
			"values = { value = \"x\" }\ncomputed_columns = [\"value\"]", `is\s+not\s+to\s+be\s+written`,
		},
		"column of no table": {`values = { name = "x", no_column = "y" }`, `does\s+not\s+hold\s+the\s+column\s+no_column`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			w.Run(
				resource.TestStep{
					Config: recordConfig("table = \"sys_properties\"\n" + test.attributes), ExpectError: regexp.MustCompile(test.want),
				},
				resource.TestStep{Config: `data "servicenow_role" "x" { name = "admin" }`},
			)
		})
	}
}

func TestRecordData(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ query, want string }{
		"none":            {"user_name=nobody", `no\s+record`},
		"several":         {"active=true", `more\s+than\s+one\s+record`},
		"dropped column":  {"user_nam=admin", `no\s+column\s+user_nam`},
		"dropped in part": {"user_name=admin^no_column=1", `no\s+column\s+no_column`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			if _, err := w.ServiceNow.Insert("sys_user", servicenow.Record{"user_name": "second"}); err != nil {
				t.Fatal(err)
			}
			w.Settled()
			w.Run(resource.TestStep{
				Config: fmt.Sprintf(`data "servicenow_record" "test" {
  table = "sys_user"
  query = %q
}`, test.query),
				ExpectError: regexp.MustCompile(test.want),
			})
		})
	}
	w := acctest.New(t)
	w.Run(resource.TestStep{
		Config: `
data "servicenow_record" "admin" {
  table = "sys_user"
  query = "user_name=admin^active=1^ORDERBYuser_name"
}
data "servicenow_records" "roles" {
  table   = "sys_user_role"
  query   = "nameSTARTSWITHx_elas2^ORname=admin"
  columns = ["name"]
}
data "servicenow_records" "one" {
  table = "sys_user_role"
  limit = 1
}
`,
		Check: resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr("data.servicenow_record.admin", "record.first_name", "System"),
			resource.TestCheckResourceAttr("data.servicenow_records.roles", "records.#", "2"),
			resource.TestCheckResourceAttr("data.servicenow_records.roles", "records.0.%", "1"),
			resource.TestCheckResourceAttr("data.servicenow_records.one", "records.#", "1"),
		),
	}, resource.TestStep{
		Config: `
data "servicenow_records" "roles" {
  table   = "sys_user_role"
  columns = ["nam"]
}`,
		ExpectError: regexp.MustCompile(`no\s+column\s+nam`),
	})
}

// Pages are cut before access control takes rows out, so a short page is not the last one. Each process asks once why
// one is short.
func TestRecordsDataPages(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const count = 2300
	for i := range count {
		id, err := w.ServiceNow.Insert("sys_properties", servicenow.Record{"name": fmt.Sprintf("page.%d", i)})
		if err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			w.ServiceNow.Hide(id, true)
		}
	}
	w.Settled()
	w.Run(resource.TestStep{
		PreConfig: w.Forget,
		Config: `
data "servicenow_records" "test" {
  table   = "sys_properties"
  query   = "nameSTARTSWITHpage."
  columns = ["name"]
}
output "count" { value = length(data.servicenow_records.test.records) }
`,
		Check: resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckOutput("count", fmt.Sprint(count-(count+2)/3)),
			func(*terraform.State) error {
				reads := w.Reads()
				if n := len(slices.Compact(slices.Clone(reads))); n != 1 || len(reads)%4 != 0 {
					return fmt.Errorf("three pages and a part of one were to be read each time, not %q", reads)
				}
				return nil
			}),
	})
}
