package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// TestImportRecordByIdentity imports a record of any table, whose identity names the table beside the sys_id.
func TestImportRecordByIdentity(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	id, err := w.ServiceNow.Insert("sys_properties", servicenow.Record{"name": "elastic.a", "value": "1"})
	if err != nil {
		t.Fatal(err)
	}
	p := speak(t, w)
	const resource = "servicenow_record"
	want := tftypes.NewValue(p.objects[resource], map[string]tftypes.Value{
		"table": tftypes.NewValue(tftypes.String, "sys_properties"), "id": tftypes.NewValue(tftypes.String, id),
		"columns": tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, nil),
	})
	identity, err := tfprotov6.NewDynamicValue(p.objects[resource], want)
	p.check(err, nil)
	imported, err := p.server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: resource, Identity: &tfprotov6.ResourceIdentityData{IdentityData: &identity},
	})
	p.check(err, imported.Diagnostics)
	read, err := p.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: resource, CurrentState: imported.ImportedResources[0].State, Private: imported.ImportedResources[0].Private,
		CurrentIdentity: imported.ImportedResources[0].Identity,
	})
	p.check(err, read.Diagnostics)
	kept, err := read.NewIdentity.IdentityData.Unmarshal(p.objects[resource])
	p.check(err, nil)
	if !kept.Equal(want) {
		t.Errorf("the identity is %v", kept)
	}
}
