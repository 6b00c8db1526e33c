package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The types below are the documented JSON format of `terraform providers schema -json`, version 1.0.

type providerSchemas struct {
	FormatVersion string                     `json:"format_version"`
	Schemas       map[string]*providerSchema `json:"provider_schemas"`
}

type providerSchema struct {
	Provider           *schema              `json:"provider,omitempty"`
	Resources          map[string]*schema   `json:"resource_schemas,omitempty"`
	DataSources        map[string]*schema   `json:"data_source_schemas,omitempty"`
	EphemeralResources map[string]*schema   `json:"ephemeral_resource_schemas,omitempty"`
	ListResources      map[string]*schema   `json:"list_resource_schemas,omitempty"`
	Functions          map[string]*function `json:"functions,omitempty"`
	ResourceIdentities map[string]*identity `json:"resource_identity_schemas,omitempty"`
	Actions            map[string]*action   `json:"action_schemas,omitempty"`
}

type schema struct {
	Version int64  `json:"version"`
	Block   *block `json:"block"`
}

type action struct {
	Block *block `json:"block"`
}

type block struct {
	Attributes      map[string]*attribute   `json:"attributes,omitempty"`
	BlockTypes      map[string]*nestedBlock `json:"block_types,omitempty"`
	Description     string                  `json:"description,omitempty"`
	DescriptionKind string                  `json:"description_kind,omitempty"`
	Deprecated      bool                    `json:"deprecated,omitempty"`
}

type nestedBlock struct {
	NestingMode string `json:"nesting_mode"`
	Block       *block `json:"block"`
	MinItems    int64  `json:"min_items,omitempty"`
	MaxItems    int64  `json:"max_items,omitempty"`
}

type attribute struct {
	Type            any         `json:"type,omitempty"`
	NestedType      *nestedType `json:"nested_type,omitempty"`
	Description     string      `json:"description,omitempty"`
	DescriptionKind string      `json:"description_kind,omitempty"`
	Deprecated      bool        `json:"deprecated,omitempty"`
	Required        bool        `json:"required,omitempty"`
	Optional        bool        `json:"optional,omitempty"`
	Computed        bool        `json:"computed,omitempty"`
	Sensitive       bool        `json:"sensitive,omitempty"`
	WriteOnly       bool        `json:"write_only,omitempty"`
}

type nestedType struct {
	Attributes  map[string]*attribute `json:"attributes,omitempty"`
	NestingMode string                `json:"nesting_mode"`
}

type identity struct {
	Version    int64                         `json:"version"`
	Attributes map[string]*identityAttribute `json:"attributes,omitempty"`
}

type identityAttribute struct {
	Type              any    `json:"type"`
	Description       string `json:"description,omitempty"`
	RequiredForImport bool   `json:"required_for_import,omitempty"`
	OptionalForImport bool   `json:"optional_for_import,omitempty"`
}

type function struct {
	Description        string       `json:"description,omitempty"`
	Summary            string       `json:"summary,omitempty"`
	DeprecationMessage string       `json:"deprecation_message,omitempty"`
	ReturnType         any          `json:"return_type"`
	Parameters         []*parameter `json:"parameters,omitempty"`
	VariadicParameter  *parameter   `json:"variadic_parameter,omitempty"`
}

type parameter struct {
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	IsNullable  bool   `json:"is_nullable,omitempty"`
	Type        any    `json:"type"`
}

// describe asks a provider for everything it declares and files it under address.
func describe(ctx context.Context, address string, server tfprotov6.ProviderServer) (*providerSchemas, error) {
	declared, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, fmt.Errorf("reading the provider's schema: %w", err)
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, fmt.Errorf("reading the provider's identity schemas: %w", err)
	}
	for _, d := range append(declared.Diagnostics, identities.Diagnostics...) {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return nil, errors.New(d.Summary + ": " + d.Detail)
		}
	}
	return &providerSchemas{FormatVersion: "1.0", Schemas: map[string]*providerSchema{address: {
		Provider:           newSchema(declared.Provider),
		Resources:          convert(declared.ResourceSchemas, newSchema),
		DataSources:        convert(declared.DataSourceSchemas, newSchema),
		EphemeralResources: convert(declared.EphemeralResourceSchemas, newSchema),
		ListResources:      convert(declared.ListResourceSchemas, newSchema),
		Functions:          convert(declared.Functions, newFunction),
		ResourceIdentities: convert(identities.IdentitySchemas, newIdentity),
		Actions:            convert(declared.ActionSchemas, newAction),
	}}}, nil
}

func convert[From, To any](from map[string]From, one func(From) To) map[string]To {
	to := make(map[string]To, len(from))
	for name, value := range from {
		to[name] = one(value)
	}
	return to
}

func newSchema(s *tfprotov6.Schema) *schema {
	return &schema{Version: s.Version, Block: newBlock(s.Block)}
}

func newAction(a *tfprotov6.ActionSchema) *action {
	return &action{Block: newBlock(a.Schema.Block)}
}

func newBlock(b *tfprotov6.SchemaBlock) *block {
	nested := make(map[string]*nestedBlock, len(b.BlockTypes))
	for _, n := range b.BlockTypes {
		nested[n.TypeName] = &nestedBlock{
			NestingMode: strings.ToLower(n.Nesting.String()),
			Block:       newBlock(n.Block),
			MinItems:    n.MinItems,
			MaxItems:    n.MaxItems,
		}
	}
	return &block{
		Attributes:      newAttributes(b.Attributes),
		BlockTypes:      nested,
		Description:     b.Description,
		DescriptionKind: strings.ToLower(b.DescriptionKind.String()),
		Deprecated:      b.Deprecated,
	}
}

func newAttributes(from []*tfprotov6.SchemaAttribute) map[string]*attribute {
	to := make(map[string]*attribute, len(from))
	for _, a := range from {
		to[a.Name] = &attribute{
			Description:     a.Description,
			DescriptionKind: strings.ToLower(a.DescriptionKind.String()),
			Deprecated:      a.Deprecated,
			Required:        a.Required,
			Optional:        a.Optional,
			Computed:        a.Computed,
			Sensitive:       a.Sensitive,
			WriteOnly:       a.WriteOnly,
		}
		if a.NestedType != nil {
			to[a.Name].NestedType = &nestedType{
				Attributes:  newAttributes(a.NestedType.Attributes),
				NestingMode: strings.ToLower(a.NestedType.Nesting.String()),
			}
		} else {
			to[a.Name].Type = typeConstraint(a.Type)
		}
	}
	return to
}

func newIdentity(s *tfprotov6.ResourceIdentitySchema) *identity {
	attributes := make(map[string]*identityAttribute, len(s.IdentityAttributes))
	for _, a := range s.IdentityAttributes {
		attributes[a.Name] = &identityAttribute{
			Type:              typeConstraint(a.Type),
			Description:       a.Description,
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}
	return &identity{Version: s.Version, Attributes: attributes}
}

func newFunction(f *tfprotov6.Function) *function {
	parameters := make([]*parameter, 0, len(f.Parameters))
	for _, p := range f.Parameters {
		parameters = append(parameters, newParameter(p))
	}
	return &function{
		Description:        f.Description,
		Summary:            f.Summary,
		DeprecationMessage: f.DeprecationMessage,
		ReturnType:         typeConstraint(f.Return.Type),
		Parameters:         parameters,
		VariadicParameter:  newParameter(f.VariadicParameter),
	}
}

func newParameter(p *tfprotov6.FunctionParameter) *parameter {
	if p == nil {
		return nil
	}
	return &parameter{
		Name:        p.Name,
		Description: p.Description,
		IsNullable:  p.AllowNullValue,
		Type:        typeConstraint(p.Type),
	}
}

// typeConstraint returns a type the JSON form that Terraform gives it: "string", ["list","string"],
// ["object",{"a":"string"}], ["tuple",["string","bool"]].
func typeConstraint(t tftypes.Type) any {
	switch t := t.(type) {
	case tftypes.List:
		return []any{"list", typeConstraint(t.ElementType)}
	case tftypes.Set:
		return []any{"set", typeConstraint(t.ElementType)}
	case tftypes.Map:
		return []any{"map", typeConstraint(t.ElementType)}
	case tftypes.Object:
		return []any{"object", convert(t.AttributeTypes, typeConstraint)}
	case tftypes.Tuple:
		elements := make([]any, 0, len(t.ElementTypes))
		for _, element := range t.ElementTypes {
			elements = append(elements, typeConstraint(element))
		}
		return []any{"tuple", elements}
	}
	switch {
	case t.Is(tftypes.Bool):
		return "bool"
	case t.Is(tftypes.Number):
		return "number"
	case t.Is(tftypes.String):
		return "string"
	default:
		return "dynamic"
	}
}
