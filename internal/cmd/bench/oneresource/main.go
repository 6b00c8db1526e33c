// Command oneresource is the smallest provider of terraform-plugin-framework, one resource with one attribute: what
// starting any provider costs.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return small{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/example/small"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type small struct{}

func (small) Metadata(_ context.Context, _ provider.MetadataRequest, response *provider.MetadataResponse) {
	response.TypeName = "small"
}
func (small) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse)          {}
func (small) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (small) DataSources(context.Context) []func() datasource.DataSource                        { return nil }

func (small) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return thing{} }}
}

// thing exists to have a schema; it is never created.
type thing struct{}

func (thing) Metadata(_ context.Context, r resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = r.ProviderTypeName + "_thing"
}

func (thing) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	response.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true},
	}}
}
func (thing) Create(context.Context, resource.CreateRequest, *resource.CreateResponse) {}
func (thing) Read(context.Context, resource.ReadRequest, *resource.ReadResponse)       {}
func (thing) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (thing) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
