package servicenow

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewSystemProperty manages a system property (sys_properties).
var NewSystemProperty = lifecycle.New[systemProperty](lifecycle.Definition{
	Type:     "system_property",
	Table:    "sys_properties",
	Key:      []string{"name"},
	Adoption: lifecycle.AdoptAsked,
	LeftOut: lifecycle.LeftOut{
		Query:       "typeNOT INpassword,password2^ORtypeISEMPTY",
		Description: "Properties of a password type are left out: their values would stand in the state.",
	},
	Store: newSystemPropertyStore,
	Needs: lifecycle.Needs{Roles: lifecycle.AdminOnly},
	Description: "A system property (`sys_properties`), such as `" + clientCredentialsProperty + "`. One that exists is " +
		"taken over: destroying the resource then restores what the property held before, and leaves it in place. The " +
		"value is stored in the state, so properties of a password type are refused, and so are ones whose value the " +
		"account may not read. Writing to `sys_properties` makes the instance flush caches: avoid busy times.",
	Attributes: attribute.Schema{
		"name":  attribute.ReplacedText("The property's name."),
		"value": attribute.RequiredText("The value as stored, such as `true` or `30`."),
		"type": attribute.ServerText("The type, such as `string`, `boolean` or `integer`. Default: what the property has, " +
			"or the instance's, `string`."),
		"description": attribute.Text("What the property does."),
		"adopted":     attribute.Adopted("restores what it held before"),
	},
})

type systemProperty struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	lifecycle.Adopted
	Name        types.String `tfsdk:"name"`
	Value       types.String `tfsdk:"value"`
	Type        types.String `tfsdk:"type"`
	Description types.String `tfsdk:"description"`
}

func (m *systemProperty) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("value", &m.Value),
		field.String("type", &m.Type),
		field.String("description", &m.Description),
	}
}

// passwordTypes are the types whose values the instance encrypts.
var passwordTypes = []string{"password", "password2"}

const passwordProperty = "Terraform would keep its value in the state in clear. Use servicenow_record on the table " +
	"sys_properties, with the value in secret_values_wo"

func (m *systemProperty) Check(_ context.Context, report *lifecycle.Report) {
	if slices.Contains(passwordTypes, m.Type.ValueString()) {
		report.Error(&m.Type, "A password in a property", "A property of the type "+m.Type.ValueString()+" holds a secret: "+
			passwordProperty+".")
	}
}
