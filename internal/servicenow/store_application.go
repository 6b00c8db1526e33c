package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewStoreApplication installs an application from the ServiceNow Store (sys_store_app).
var NewStoreApplication = lifecycle.New[storeApplication](lifecycle.Definition{
	Type:     "store_application",
	Table:    "sys_store_app",
	Key:      []string{"scope"},
	Listed:   true,
	Adoption: lifecycle.AdoptReferred,
	Floating: []string{"version"},
	Store:    newStoreApplications,
	Timeout:  installTimeout,
	Needs:    lifecycle.Needs{Roles: lifecycle.OneOf("sn_cicd.sys_ci_automation")},
	Description: "An application from the ServiceNow Store (`sys_store_app`), installed with the CI/CD API. The company " +
		"must be entitled to it. Changing `version` upgrades in place. Destroying only forgets the application, with a " +
		"warning: no API uninstalls it.",
	Attributes: attribute.Schema{
		"scope": attribute.ReplacedText("The application's scope, such as `x_elas2_inc_int`."),
		"version": attribute.ServerText("The version, such as `1.2.0`. Default: the latest when it is installed, and then " +
			"the installed one."),
		"auto_upgrade_base_app": attribute.Flag("Whether an application that this one customizes is upgraded first where " +
			"its version needs it. Default: `false`."),
		"name":              attribute.ComputedText("The application's name."),
		"installed_version": attribute.ComputedText("The version that is installed."),
	},
})

type storeApplication struct {
	lifecycle.Base
	Scope              types.String `tfsdk:"scope"`
	Version            types.String `tfsdk:"version"`
	AutoUpgradeBaseApp types.Bool   `tfsdk:"auto_upgrade_base_app"`
	Name               types.String `tfsdk:"name"`
	InstalledVersion   types.String `tfsdk:"installed_version"`
}

func (m *storeApplication) Fields() []field.Field {
	return []field.Field{
		field.String("scope", &m.Scope),
		field.String("version", &m.Version),
		field.Option(&m.AutoUpgradeBaseApp, upgradeBaseApplication),
		field.Computed(field.String("name", &m.Name)),
		field.MovesWith(field.Computed(field.String("version", &m.InstalledVersion)), &m.Version),
	}
}
