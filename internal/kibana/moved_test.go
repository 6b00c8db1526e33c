package kibana_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

// elasticstackState is what elastic/elasticstack leaves of a connector, by schema version: version 0 writes "" where
// the configuration has null.
func elasticstackState(version int, typeID string) string {
	absent := "null"
	if version == 0 {
		absent = `""`
	}
	return fmt.Sprintf(`{
		"id": "security/9343bbf8-32b0-45ae-97cc-2ec613e7d9e6", "connector_id": "9343bbf8-32b0-45ae-97cc-2ec613e7d9e6",
		"space_id": "security", "name": "From elsewhere", "connector_type_id": %q, "config": %s,
		"secrets": "{\"password\":\"a-clear-secret\",\"username\":\"somebody\"}",
		"is_deprecated": false, "is_missing_secrets": false, "is_preconfigured": false, "kibana_connection": []
	}`, typeID, absent)
}

// TestMovesFromElasticstack takes over a connector of each type, without its secrets.
func TestMovesFromElasticstack(t *testing.T) {
	t.Parallel()
	const itsm = "servicenow_kibana_itsm_connector"
	move := tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: "registry.terraform.io/elastic/elasticstack",
		SourceTypeName:        "elasticstack_kibana_action_connector", SourceSchemaVersion: 1,
	}
	from := func(change func(*tfprotov6.MoveResourceStateRequest)) tfprotov6.MoveResourceStateRequest {
		changed := move
		change(&changed)
		return changed
	}
	tests := map[string]struct {
		request tfprotov6.MoveResourceStateRequest
		version int
		typeID  string
		to      string
		want    string // of the error; empty when it moves
	}{
		"ITSM":           {request: move, version: 1, typeID: ".servicenow", to: itsm},
		"ITSM, old":      {request: move, version: 0, typeID: ".servicenow", to: itsm},
		"SecOps":         {request: move, version: 1, typeID: ".servicenow-sir", to: "servicenow_kibana_secops_connector"},
		"ITOM":           {request: move, version: 1, typeID: ".servicenow-itom", to: "servicenow_kibana_itom_connector"},
		"Jira":           {request: move, version: 1, typeID: ".jira", to: "servicenow_kibana_jira_connector"},
		"Resilient":      {request: move, version: 1, typeID: ".resilient", to: "servicenow_kibana_resilient_connector"},
		"Swimlane":       {request: move, version: 1, typeID: ".swimlane", to: "servicenow_kibana_swimlane_connector"},
		"any":            {request: move, version: 1, typeID: ".webhook", to: "servicenow_kibana_connector"},
		"generic":        {request: move, version: 1, typeID: ".servicenow", to: "servicenow_kibana_connector"},
		"another type":   {move, 1, ".jira", itsm, "Move it to servicenow_kibana_jira_connector."},
		"an untyped one": {move, 1, ".index", itsm, "Move it to servicenow_kibana_connector."},
		"OpenTofu's registry": {
			request: from(func(r *tfprotov6.MoveResourceStateRequest) {
				r.SourceProviderAddress = "registry.opentofu.org/elastic/elasticstack"
			}),
			version: 1, typeID: ".servicenow", to: itsm,
		},
		"another provider": {
			from(func(r *tfprotov6.MoveResourceStateRequest) {
				r.SourceProviderAddress = "example.com/other/elasticstack"
			}),
			1, ".servicenow", itsm, "move",
		},
		"another resource": {
			from(func(r *tfprotov6.MoveResourceStateRequest) { r.SourceTypeName = "elasticstack_kibana_space" }),
			1, ".servicenow", itsm, "move",
		},
		"something that has no other form": {move, 1, ".servicenow", "servicenow_kibana_case_settings", "move"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := acctest.Factories()["servicenow"]()
			if err != nil {
				t.Fatal(err)
			}
			request := test.request
			request.TargetTypeName = test.to
			request.SourceState = &tfprotov6.RawState{JSON: []byte(elasticstackState(test.version, test.typeID))}
			got, err := server.MoveResourceState(t.Context(), &request)
			if err != nil {
				t.Fatal(err)
			}
			var errors []string
			for _, d := range got.Diagnostics {
				errors = append(errors, d.Summary+": "+strings.ReplaceAll(d.Detail, "\n", " "))
			}
			said := strings.Join(errors, "; ")
			if strings.Contains(said, "a-clear-secret") {
				t.Errorf("an error quotes the secret: %s", said)
			}
			if test.want != "" {
				if !strings.Contains(said, test.want) {
					t.Errorf("it said %q, want %q", said, test.want)
				}
				return
			}
			if said != "" {
				t.Fatal(said)
			}
			for _, text := range []string{"9343bbf8-32b0-45ae-97cc-2ec613e7d9e6", "security", "From elsewhere"} {
				if !bytes.Contains(got.TargetState.MsgPack, []byte(text)) {
					t.Errorf("%q was not carried over", text)
				}
			}
			if bytes.Contains(got.TargetState.MsgPack, []byte("a-clear-secret")) ||
				bytes.Contains(got.TargetPrivate, []byte("a-clear-secret")) {
				t.Error("the secret was carried over")
			}
		})
	}
}
