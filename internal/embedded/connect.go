package embedded

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	serviceprovider "github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

// Connect returns the connections of a provider configured with an empty block. It sends nothing. A side that the
// environment does not name is nil.
func Connect(ctx context.Context, version string) (*lifecycle.Connection, error) {
	p := serviceprovider.New(version)()
	var schema provider.SchemaResponse
	p.Schema(ctx, provider.SchemaRequest{}, &schema)
	of := schema.Schema.Type().TerraformType(ctx)
	object, ok := of.(tftypes.Object)
	if !ok {
		return nil, fmt.Errorf("not an object: %s", of)
	}
	block := map[string]tftypes.Value{}
	for name, attribute := range object.AttributeTypes {
		block[name] = tftypes.NewValue(attribute, nil)
	}
	var configured provider.ConfigureResponse
	p.Configure(ctx, provider.ConfigureRequest{
		Config: tfsdk.Config{Schema: schema.Schema, Raw: tftypes.NewValue(of, block)},
	}, &configured)
	if err := failed(configured.Diagnostics); err != nil {
		return nil, err
	}
	connection, ok := configured.ResourceData.(*lifecycle.Connection)
	if !ok {
		return nil, fmt.Errorf("unexpected provider data %T", configured.ResourceData)
	}
	return connection, nil
}

// failed joins the errors among diagnostics into one line.
func failed(diags diag.Diagnostics) error {
	var errs []string
	for _, d := range diags.Errors() {
		errs = append(errs, strings.Join(strings.Fields(d.Summary()+": "+d.Detail()), " "))
	}
	if len(errs) == 0 {
		return nil
	}
	return errors.New(strings.Join(errs, "; "))
}
