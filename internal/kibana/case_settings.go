package kibana

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// NewCaseSettings manages the external connection of the cases of one owner.
var NewCaseSettings = lifecycle.New[caseSettings](lifecycle.Definition{
	Type:              "kibana_case_settings",
	Server:            lifecycle.Kibana,
	Table:             "case settings",
	IdentityAttribute: "owner",
	Display:           "{owner} cases",
	Listed:            true,
	Store:             func(c *lifecycle.Servers) record.Store { return c.Kibana.CaseSettings() },
	Needs: lifecycle.Needs{
		Access: "the privilege *All* for the cases of the owner's feature (*Security*, *Observability* or *Stack " +
			"Management*) in the space, and *Read* for *Actions and Connectors* with `connector_id`",
	},
	Description: "The settings of cases: which connector pushes them, whether a push closes them, and their custom " +
		"fields, templates and types of observables. There is one per owner and space, on Kibana 7.14 and newer; see " +
		"`adopt_existing` for settings that are there already. Entries of the lists that are not configured here are left " +
		"alone. Destroying it sets no connector and `close-by-user`, since Kibana cannot remove the settings, and removes " +
		"the entries that it made.",
	Attributes: attribute.Join(caseListAttributes(), attribute.Schema{
		"owner": attribute.ReplacedTextOr("securitySolution", "Whose cases: `securitySolution` (Security), "+
			"`observability`, or `cases` (Stack Management).", attribute.OneOf("securitySolution", "observability", "cases")),
		"closure_type": attribute.TextOr("close-by-user", "What closes a case: `close-by-user`, or `close-by-pushing`, "+
			"which closes it when it is pushed.", attribute.OneOf("close-by-user", "close-by-pushing")),
		"connector_id": attribute.Text("The connector that cases are pushed with; its name and type are looked up. " +
			"Default: none."),
		"connector_fields": attribute.Text("Values for new cases as a JSON object, by the connector's type; use " +
			"`jsonencode`. ServiceNow ITSM: `impact`, `severity`, `urgency`, `category`, `subcategory`. SecOps: `category`, " +
			"`subcategory`, `priority`, and `destIp`, `sourceIp`, `malwareHash`, `malwareUrl` (true or false). Jira: " +
			"`issueType`, `priority`, `parent`. Resilient: `incidentTypes` (a list of texts), `severityCode`. Swimlane: " +
			"`caseId`. Keys left out are null; a key that the type does not have is an error. Default: none."),
		"connector_name": attribute.ComputedText("The connector's name as the settings hold it. Where somebody has changed " +
			"it there, it is set to the connector's own again."),
		"adopt_existing": attribute.FlagOr(false, "Whether settings that somebody has made are taken over. Without it they "+
			"are an error that prints the import command; settings that are as Kibana delivers them need no adoption."),
		"adopted": attribute.Adopted("restores the settings as they were"),
		"mappings": attribute.ComputedObjects("Which field of a case is pushed to which field of the other service. Kibana "+
			"derives it from the connector's type.", attribute.Schema{
			"source": attribute.ComputedText("The case's field."),
			"target": attribute.ComputedText("The other service's field."),
			"action": attribute.ComputedText("What a later push does to the field: `overwrite` or `append`."),
		}),
	}),
})

type caseSettings struct {
	lifecycle.Base
	lifecycle.Space
	lifecycle.Adopted
	caseLists
	Owner           types.String `tfsdk:"owner"`
	ClosureType     types.String `tfsdk:"closure_type"`
	ConnectorID     types.String `tfsdk:"connector_id"`
	ConnectorFields types.String `tfsdk:"connector_fields"`
	ConnectorName   types.String `tfsdk:"connector_name"`
	AdoptExisting   types.Bool   `tfsdk:"adopt_existing"`
	Mappings        types.List   `tfsdk:"mappings"`
}

func (m *caseSettings) Fields() []field.Field {
	return append(m.caseLists.fields(),
		field.String("owner", &m.Owner),
		field.String("closure_type", &m.ClosureType),
		field.String("connector_id", &m.ConnectorID),
		field.Document("connector_fields", &m.ConnectorFields, nil),
		field.Option(&m.AdoptExisting, func(o *record.Options) *bool { return &o.AdoptExisting }),
		field.MovesWith(field.Computed(field.String("connector_name", &m.ConnectorName)), &m.ConnectorID),
		field.MovesWith(
			field.Computed(field.Structure("mappings", &m.Mappings, map[string]string{"action": "action_type"})),
			&m.ConnectorID,
		),
	)
}
