package servicenow_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// A list says of a record, byte for byte, what a read of the record says.
func TestListsSpellRecordsAsReadsDo(t *testing.T) {
	t.Parallel()
	server := servicenow.New(servicenow.Options{})
	admin := server.Records("sys_user", "user_name=admin")[0]["sys_id"]
	id, err := server.Insert("incident", servicenow.Record{
		"short_description": "a \"quote\" \\ <b>&\u2028\t\x01 ü \xff", "caller_id": admin,
	})
	if err != nil {
		t.Fatal(err)
	}
	get := func(target string) string {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, table+"incident"+target, nil)
		request.SetBasicAuth("admin", "admin")
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, request)
		var body struct {
			Result json.RawMessage `json:"result"`
		}
		if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
			t.Fatalf("%s: %v\n%s", target, err, recorder.Body)
		}
		return string(body.Result)
	}
	for _, view := range []string{
		"sysparm_limit=1", "sysparm_display_value=true", "sysparm_display_value=all", "sysparm_exclude_reference_link=true",
		"sysparm_fields=caller_id,number,short_description,caller_id.user_name",
	} {
		if list, one := get("?sysparm_query=sys_id="+id+"&"+view), get("/"+id+"?"+view); list != "["+one+"]" {
			t.Errorf("%s: a list says\n%s\nand a read\n%s", view, list, one)
		}
	}
	if none := get("?sysparm_query=sys_id=none"); none != "[]" {
		t.Errorf("an empty list is %s", none)
	}
}
