package kibana

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest/resttest"
)

// TestConnectorDataLooksAnew finds a connector that somebody made after the space's connectors were listed.
func TestConnectorDataLooksAnew(t *testing.T) {
	t.Parallel()
	for name, asked := range map[string]connectorData{
		"by name": {Name: types.StringValue("Late")},
		"by id":   {ConnectorID: types.StringValue("late")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lists atomic.Int32
			config := resttest.BasicConfig(resttest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/status"):
					resttest.AnswerJSON(w, http.StatusOK, `{"version": {"number": "9.4.0"}}`)
				case lists.Add(1) == 1:
					resttest.AnswerJSON(w, http.StatusOK, `[]`)
				default:
					resttest.AnswerJSON(w, http.StatusOK, `[{"id": "late", "name": "Late", "connector_type_id": ".index"}]`)
				}
			}))
			k, err := kibanaapi.New(config, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.List(t.Context(), kibanaapi.DefaultSpace); err != nil {
				t.Fatal(err)
			}
			err = asked.Read(t.Context(), &lifecycle.Servers{Kibana: k})
			if err != nil || asked.ID.ValueString() != "late" || lists.Load() != 2 {
				t.Errorf("found %s by %d lists, %v", asked.ID, lists.Load(), err)
			}
		})
	}
}
