package kibana

import (
	"encoding/json"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// configDefaults are, by connector type, what Kibana stores for config keys that a connector leaves out, as far as it
// is not null: so that an imported connector plans clean under a configuration that leaves them out too.
var configDefaults = map[string]map[string]any{
	".email":          {"service": "other", "hasAuth": true},
	".index":          {"refresh": false},
	".webhook":        {"method": "post", "hasAuth": true},
	".cases-webhook":  {"hasAuth": true},
	".servicenow":     {"usesTableApi": true, "isOAuth": false},
	".servicenow-sir": {"usesTableApi": true, "isOAuth": false},
	".servicenow-itom": {
		"isOAuth": false,
	},
}

// isDefault reports whether Kibana sets this config key of this type of connector by itself.
func (m *genericConnector) isDefault(key string, value any) bool {
	standard, ok := configDefaults[m.ConnectorTypeID.ValueString()][key]
	return ok && reflect.DeepEqual(standard, value)
}

// withoutSecrets are the connector types that have none. An update of any other needs them: it replaces the connector.
var withoutSecrets = []string{".index", ".server-log"}

// checkObject holds that a text is a JSON object.
func checkObject(report *lifecycle.Report, attribute any, text types.String) {
	if !isKnown(text) {
		return
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(text.ValueString()), &object); err != nil {
		report.Error(attribute, "Not a JSON object", "The value must be a JSON object, as jsonencode({ … }) makes it: "+
			err.Error()+".")
	} else if object == nil {
		report.Error(attribute, "Not a JSON object", "The value is JSON's null. Leave the attribute out instead.")
	}
}
