// Package embedded runs the provider inside a command, through the protocol that Terraform speaks: what a command reads
// is what Terraform would read. The connections come of the provider's environment variables.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

// Provider is a configured provider.
type Provider struct {
	Schema     *tfprotov6.GetProviderSchemaResponse
	identities map[string]tftypes.Object
	server     tfprotov6.ProviderServer
	lists      tfprotov6.ListResourceServer
}

// Start configures a provider with an empty block.
func Start(ctx context.Context, version string) (*Provider, error) {
	server, err := provider.NewServer(version)
	if err != nil {
		return nil, err
	}
	lists, ok := server.(tfprotov6.ListResourceServer)
	if !ok {
		return nil, errors.New("the provider lists nothing")
	}
	p := &Provider{server: server, lists: lists, identities: map[string]tftypes.Object{}}
	if p.Schema, err = server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		return nil, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, err
	}
	for name, s := range identities.IdentitySchemas {
		kinds := map[string]tftypes.Type{}
		for _, a := range s.IdentityAttributes {
			kinds[a.Name] = a.Type
		}
		p.identities[name] = tftypes.Object{AttributeTypes: kinds}
	}
	config, err := object(p.Schema.Provider.ValueType(), nil)
	if err != nil {
		return nil, err
	}
	configured, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: config})
	if err != nil {
		return nil, err
	}
	return p, failure(configured.Diagnostics)
}

// Listed is one record that a list resource found.
type Listed struct {
	Name     string                   // as `terraform query` shows it
	Resource map[string]tftypes.Value // as an import would read it
	Identity map[string]string        // its texts
}

// List runs a list resource, without a limit.
func (p *Provider) List(ctx context.Context, kind string, config map[string]any) ([]Listed, error) {
	schema, ok := p.Schema.ListResourceSchemas[kind]
	if !ok {
		return nil, fmt.Errorf("%s cannot be listed", kind)
	}
	block, err := object(schema.ValueType(), config)
	if err != nil {
		return nil, err
	}
	stream, err := p.lists.ListResource(ctx, &tfprotov6.ListResourceRequest{
		TypeName: kind, Config: block, IncludeResource: true,
	})
	if err != nil {
		return nil, err
	}
	var all []Listed
	for result := range stream.Results {
		if err := failure(result.Diagnostics); err != nil {
			return nil, err
		}
		listed := Listed{Name: result.DisplayName, Identity: map[string]string{}}
		if listed.Resource, err = attributes(result.Resource, p.Schema.ResourceSchemas[kind].ValueType()); err != nil {
			return nil, err
		}
		identity, err := attributes(result.Identity.IdentityData, p.identities[kind])
		if err != nil {
			return nil, err
		}
		for name, value := range identity {
			if text, ok := Text(value); ok {
				listed.Identity[name] = text
			}
		}
		all = append(all, listed)
	}
	return all, nil
}

// Data reads a data source.
func (p *Provider) Data(ctx context.Context, kind string, config map[string]any) (map[string]tftypes.Value, error) {
	schema, ok := p.Schema.DataSourceSchemas[kind]
	if !ok {
		return nil, fmt.Errorf("there is no data source %s", kind)
	}
	block, err := object(schema.ValueType(), config)
	if err != nil {
		return nil, err
	}
	read, err := p.server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: kind, Config: block})
	if err != nil {
		return nil, err
	}
	if err := failure(read.Diagnostics); err != nil {
		return nil, err
	}
	return attributes(read.State, schema.ValueType())
}

// Text is the value of a known text; not ok for anything else.
func Text(value tftypes.Value) (string, bool) {
	if !value.IsKnown() || value.IsNull() || !value.Type().Is(tftypes.String) {
		return "", false
	}
	var text string
	return text, value.As(&text) == nil
}

// Objects are the elements of a list of objects or maps, by attribute or key; none of anything else.
func Objects(list tftypes.Value) []map[string]tftypes.Value {
	var items []tftypes.Value
	if list.Type() == nil || list.IsNull() || list.As(&items) != nil {
		return nil
	}
	all := make([]map[string]tftypes.Value, 0, len(items))
	for _, item := range items {
		var attributes map[string]tftypes.Value
		if item.As(&attributes) == nil {
			all = append(all, attributes)
		}
	}
	return all
}

// object makes a configuration block: attributes that are not named are null. A value is a string, a bool, an int64 or
// a []string.
func object(of tftypes.Type, values map[string]any) (*tfprotov6.DynamicValue, error) {
	kind, ok := of.(tftypes.Object)
	if !ok {
		return nil, fmt.Errorf("not an object: %s", of)
	}
	made := map[string]tftypes.Value{}
	for name, attribute := range kind.AttributeTypes {
		switch value := values[name].(type) {
		case nil:
			made[name] = tftypes.NewValue(attribute, nil)
		case []string:
			items := make([]tftypes.Value, len(value))
			for i, item := range value {
				items[i] = tftypes.NewValue(tftypes.String, item)
			}
			made[name] = tftypes.NewValue(attribute, items)
		default:
			made[name] = tftypes.NewValue(attribute, value)
		}
	}
	config, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, made))
	return &config, err
}

func attributes(from *tfprotov6.DynamicValue, of tftypes.Type) (map[string]tftypes.Value, error) {
	value, err := from.Unmarshal(of)
	if err != nil {
		return nil, err
	}
	var all map[string]tftypes.Value
	return all, value.As(&all)
}

// failure joins the errors among diagnostics into one line.
func failure(diags []*tfprotov6.Diagnostic) error {
	var errs []string
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			errs = append(errs, strings.Join(strings.Fields(d.Summary+": "+d.Detail), " "))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errors.New(strings.Join(errs, "; "))
}
