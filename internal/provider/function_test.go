package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

// TestNullArguments calls a function as Terraform and as OpenTofu do: a null literal is msgpack's nil, or nothing.
func TestNullArguments(t *testing.T) {
	t.Parallel()
	text := func(s string) *tfprotov6.DynamicValue {
		return &tfprotov6.DynamicValue{MsgPack: append([]byte{0xa0 | byte(len(s))}, s...)} //nolint:gosec // short texts
	}
	for name, null := range map[string]*tfprotov6.DynamicValue{
		"Terraform": {MsgPack: []byte{0xc0}}, "OpenTofu": {}, "left out": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := acctest.Factories()["servicenow"]()
			if err != nil {
				t.Fatal(err)
			}
			got, err := server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{
				Name:      "inbound_event_url",
				Arguments: []*tfprotov6.DynamicValue{text("https://d.service-now.com"), text("aws"), null},
			})
			if err != nil || got.Error != nil {
				t.Fatalf("%v, %+v", err, got.Error)
			}
			const want = "https://d.service-now.com/api/sn_em_connector/em/inbound_event?source=aws"
			if !strings.HasSuffix(string(got.Result.MsgPack), want) {
				t.Errorf("it returned %q", got.Result.MsgPack)
			}
		})
	}
}
