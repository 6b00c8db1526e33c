package kibana

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// movedFromElasticstack takes over connectors from Elastic's own provider. typeID is the one type that the resource
// manages; empty for any.
//
// Source: the state of elasticstack_kibana_action_connector in its schema versions 0 and 1, whose id is
// "<space>/<connector_id>". Its secrets are in clear, and stay behind.
func movedFromElasticstack(typeID string) *lifecycle.MovedFrom {
	return &lifecycle.MovedFrom{
		Provider: "elastic/elasticstack",
		Type:     "elasticstack_kibana_action_connector",
		Read: func(state map[string]any) (lifecycle.Moved, error) {
			text := func(name string) string {
				value, _ := state[name].(string)
				return value
			}
			space, id, _ := strings.Cut(text("id"), "/")
			kind := text("connector_type_id")
			switch {
			case id == "" || text("connector_id") != "" && text("connector_id") != id:
				return lifecycle.Moved{}, errors.New("its state does not say which connector it is: the id must be " +
					"<space>/<connector_id>")
			case typeID != "" && kind != typeID:
				return lifecycle.Moved{}, fmt.Errorf("the connector is of type %q, and this resource manages %q. Move it to %s",
					kind, typeID, resourceOf(kind))
			}
			moved := lifecycle.Moved{ID: id, Space: space, Attributes: map[string]string{
				"connector_id": id, "name": text("name"),
			}}
			if typeID == "" {
				moved.Attributes["connector_type_id"] = kind
			}
			return moved, nil
		},
	}
}

// resourceOf names the resource that manages connectors of a type.
func resourceOf(typeID string) string {
	if name, ok := dedicated[typeID]; ok {
		return name
	}
	return "servicenow_kibana_connector"
}

// dedicated are the resources of the connector types that have one of their own.
var dedicated = map[string]string{
	".servicenow": "servicenow_kibana_itsm_connector", ".servicenow-sir": "servicenow_kibana_secops_connector",
	".servicenow-itom": "servicenow_kibana_itom_connector", ".jira": "servicenow_kibana_jira_connector",
	".resilient": "servicenow_kibana_resilient_connector", ".swimlane": "servicenow_kibana_swimlane_connector",
}
