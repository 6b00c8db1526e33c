package kibana

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

var (
	owners       = []string{"securitySolution", "observability", "cases"}
	closureTypes = []string{"close-by-user", "close-by-pushing"}
)

// NewCaseSettings manages the external connection of the cases of one owner.
var NewCaseSettings = lifecycle.New[caseSettings](lifecycle.Definition{
	Type:              "kibana_case_settings",
	Server:            lifecycle.Kibana,
	Table:             "case settings",
	IdentityAttribute: "owner",
	Store:             func(c *lifecycle.Servers) record.Store { return c.Kibana.CaseSettings() },
	Description: "The settings of cases: which connector pushes them, whether a push closes them, and their custom " +
		"fields, templates and types of observables. There is one per owner and space, on Kibana 7.14 and newer; see " +
		"`adopt_existing` for settings that are there already. Entries of the lists that are not configured here are left " +
		"alone. Destroying it sets no connector and `close-by-user`, since Kibana cannot remove the settings, and removes " +
		"the entries that it made.",
	Attributes: with(caseListAttributes(), map[string]schema.Attribute{
		"owner": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(owners[0]),
			MarkdownDescription: "Whose cases: `securitySolution` (Security), `observability`, or `cases` (Stack " +
				"Management). Default: `securitySolution`. Changing it replaces the resource.",
			Validators:    []validator.String{stringvalidator.OneOf(owners...)},
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"closure_type": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(closureTypes[0]),
			MarkdownDescription: "What closes a case: `close-by-user`, or `close-by-pushing`, which closes it when it is " +
				"pushed. Default: `close-by-user`.",
			Validators: []validator.String{stringvalidator.OneOf(closureTypes...)},
		},
		"connector_id": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "The connector that cases are pushed with; its name and type are looked up. Default: none.",
		},
		"connector_fields": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Values for new cases as a JSON object, by the connector's type; use `jsonencode`. " +
				"ServiceNow ITSM: `impact`, `severity`, `urgency`, `category`, `subcategory`. SecOps: `category`, " +
				"`subcategory`, `priority`, and `destIp`, `sourceIp`, `malwareHash`, `malwareUrl` (true or false). Jira: " +
				"`issueType`, `priority`, `parent`. Resilient: `incidentTypes` (a list of texts), `severityCode`. Swimlane: " +
				"`caseId`. Keys left out are null; a key that the type does not have is an error. Default: none.",
		},
		"connector_name": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "The connector's name as the settings hold it. Where somebody has changed it there, it is " +
				"set to the connector's own again.",
		},
		"adopt_existing": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether settings that somebody has made are taken over. Without it they are an error that " +
				"prints the import command; settings that are as Kibana delivers them need no adoption. Default: `false`.",
		},
		"adopted": lifecycle.AdoptedAttribute("restores what they were"),
		"mappings": schema.ListNestedAttribute{
			Computed: true,
			MarkdownDescription: "Which field of a case is pushed to which field of the other service. Kibana derives it from " +
				"the connector's type.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"source": schema.StringAttribute{Computed: true, MarkdownDescription: "The case's field."},
				"target": schema.StringAttribute{Computed: true, MarkdownDescription: "The other service's field."},
				"action": schema.StringAttribute{
					Computed: true, MarkdownDescription: "What a later push does to the field: `overwrite` or `append`.",
				},
			}},
		},
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

func (m *caseSettings) Check(_ context.Context, report *lifecycle.Report) {
	m.caseLists.check(report)
	checkObject(report, &m.ConnectorFields, m.ConnectorFields)
	if m.ConnectorID.IsNull() && !m.ConnectorFields.IsNull() {
		report.Error(
			&m.ConnectorFields,
			"Fields without a connector",
			"connector_fields are values for the connector's "+
				"service. Set connector_id too.",
		)
	}
	if slices.Contains([]string{"none", ".none"}, m.ConnectorID.ValueString()) {
		report.Error(&m.ConnectorID, "No connector's id", "To push cases with no connector, leave connector_id out.")
	}
}

func (m *caseSettings) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	checkSpace(ctx, c, report, &m.SpaceID)
	checkReleases(ctx, c, report, append(m.caseLists.bounds(), bounded{
		attribute: &m.Owner, name: "servicenow_kibana_case_settings", set: true,
		since: kibanaapi.Version{Major: 7, Minor: 14},
	})...)
	m.checkFields(ctx, c, report)
}

// PlanChange plans to set the connector's name again where somebody has changed it in the settings. A connector that
// was renamed is no reason to write. Which name it will have then, only the apply knows: the same one may rename it.
func (m *caseSettings) PlanChange(
	_ context.Context, _ *lifecycle.Servers, change lifecycle.Change, report *lifecycle.Report,
) {
	before, ok := change.Before.(*caseSettings)
	if !ok {
		return
	}
	m.planLists(&before.caseLists, report)
	written, known := kibanaapi.WrittenName(change.Remembered)
	changed := known && isKnown(m.ConnectorID) && before.ConnectorName.ValueString() != written
	if changed || change.Writes && !m.ConnectorID.IsNull() {
		m.ConnectorName = types.StringUnknown()
	}
}
