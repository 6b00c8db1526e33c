package kibana

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewConnectorData finds one connector.
var NewConnectorData = lifecycle.NewReader[connectorData](lifecycle.Reader{
	Type:   "kibana_connector",
	Server: lifecycle.Kibana,
	Description: "Finds a Kibana connector by its name or id, whatever its type, those in `kibana.yml` included. None " +
		"or several of the name are an error that lists what there is.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Optional: true, Computed: true, MarkdownDescription: "The connector's name. Exactly one of this and `connector_id`.",
			Validators: []validator.String{
				stringvalidator.ExactlyOneOf(path.MatchRoot("name"), path.MatchRoot("connector_id")),
				stringvalidator.LengthAtLeast(1),
			},
		},
		"connector_id": schema.StringAttribute{
			Optional: true, Computed: true, MarkdownDescription: "The connector's id.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"space_id": spaceAttribute(),
		"id":       schema.StringAttribute{Computed: true, MarkdownDescription: "The same as `connector_id`."},
		"connector_type_id": schema.StringAttribute{
			Computed: true, MarkdownDescription: "The connector's type, such as `.servicenow`.",
		},
		"config": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The config as a JSON object; null for connectors in `kibana.yml`, which Kibana hides.",
		},
		"is_deprecated": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether Kibana calls the connector deprecated.",
		},
		"is_missing_secrets": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether Kibana has lost the connector's secrets.",
		},
		"is_preconfigured": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether the connector is defined in `kibana.yml`.",
		},
	},
})

func spaceAttribute() schema.Attribute {
	return schema.StringAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "The Kibana space. Default: the provider's `kibana.space_id`, else `default`.",
		Validators:          []validator.String{lifecycle.SpaceID()},
	}
}

// inSpace fills in the provider's space.
func inSpace(space *types.String, c *lifecycle.Servers) string {
	if space.ValueString() == "" {
		*space = types.StringValue(c.Kibana.Space)
	}
	return space.ValueString()
}

type connectorData struct {
	SpaceID          types.String `tfsdk:"space_id"`
	ConnectorID      types.String `tfsdk:"connector_id"`
	ID               types.String `tfsdk:"id"`
	Name             types.String `tfsdk:"name"`
	ConnectorTypeID  types.String `tfsdk:"connector_type_id"`
	Config           types.String `tfsdk:"config"`
	IsDeprecated     types.Bool   `tfsdk:"is_deprecated"`
	IsMissingSecrets types.Bool   `tfsdk:"is_missing_secrets"`
	IsPreconfigured  types.Bool   `tfsdk:"is_preconfigured"`
}

func (m *connectorData) Read(ctx context.Context, c *lifecycle.Servers) error {
	space := inSpace(&m.SpaceID, c)
	wanted := func(o kibanaapi.Connector) bool { return o.Name == m.Name.ValueString() }
	asked := "the name " + m.Name.String()
	if m.ConnectorID.ValueString() != "" {
		wanted = func(o kibanaapi.Connector) bool { return o.ID == m.ConnectorID.ValueString() }
		asked = "the id " + m.ConnectorID.String()
	}
	all, err := c.Kibana.List(ctx, space)
	if err == nil && !slices.ContainsFunc(all, wanted) {
		all, err = c.Kibana.ListAnew(ctx, space) // somebody may have made it since
	}
	if err != nil {
		return err
	}
	var found []kibanaapi.Connector
	for _, o := range all {
		if wanted(o) {
			found = append(found, o)
		}
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("the space %s has no connector with %s%s", space, asked, listed(all))
	case 1:
	default:
		return fmt.Errorf(
			"the space %s has several connectors with %s; use connector_id%s",
			space,
			asked,
			listed(found),
		)
	}
	o := found[0]
	config, err := document(o.Config)
	if err != nil {
		return err
	}
	m.ID, m.ConnectorID, m.Name = types.StringValue(o.ID), types.StringValue(o.ID), types.StringValue(o.Name)
	m.ConnectorTypeID, m.Config = types.StringValue(o.TypeID), config
	m.IsDeprecated, m.IsMissingSecrets = types.BoolValue(o.IsDeprecated), types.BoolValue(o.IsMissingSecrets)
	m.IsPreconfigured = types.BoolValue(o.IsPreconfigured)
	return nil
}

// document writes a config as JSON; null where Kibana shows none.
func document(config map[string]any) (types.String, error) {
	if config == nil {
		return types.StringNull(), nil
	}
	data, err := json.Marshal(config)
	if err != nil {
		return types.StringNull(), fmt.Errorf("encoding a config: %w", err)
	}
	return types.StringValue(string(data)), nil
}

// listed names connectors in a message, by name; at most 20.
func listed(all []kibanaapi.Connector) string {
	const most = 20
	all = slices.SortedFunc(
		slices.Values(all),
		func(a, b kibanaapi.Connector) int { return strings.Compare(a.Name, b.Name) },
	)
	lines := make([]string, len(all))
	for i, o := range all {
		lines[i] = fmt.Sprintf("  %s  %s (%s)", o.ID, o.Name, o.TypeID)
	}
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("  and %d more", len(all)-most))
	}
	if len(lines) == 0 {
		return ": it has none at all"
	}
	return ". There are:\n\n" + strings.Join(lines, "\n") + "\n\n"
}
