package provider

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// NewServer makes what Terraform talks to: the framework's server with the last fence around it. No text leaves without
// having been searched for secrets, wherever it comes from; secrets of actions are write-only; and a call that is over
// keeps no memory.
func NewServer(version string, options ...Option) (tfprotov6.ProviderServer, error) {
	p := newProvider(version, options)
	inner, ok := providerserver.NewProtocol6(p)().(frameworkServer)
	if !ok {
		return nil, errors.New("terraform-plugin-framework's server lacks a part of the protocol")
	}
	return &server{frameworkServer: inner, provider: p}, nil
}

// frameworkServer is all that terraform-plugin-framework serves: what is left out here, Terraform would not find.
type frameworkServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ActionServer
	tfprotov6.ListResourceServer
	tfprotov6.StateStoreServer
}

type server struct {
	frameworkServer
	provider *servicenowProvider
}

// GetProviderSchema marks the secrets of actions as write-only. The framework (1.19) refuses every value of such an
// attribute when it validates an action, while Terraform, from 1.14.0 on, checks actions against the served schema as
// it does resources: ephemeral values are accepted for write-only attributes only, and never reach the plan.
func (s *server) GetProviderSchema(
	ctx context.Context, req *tfprotov6.GetProviderSchemaRequest,
) (*tfprotov6.GetProviderSchemaResponse, error) {
	resp, err := call(ctx, s, req, s.frameworkServer.GetProviderSchema)
	if err != nil {
		return resp, err
	}
	for _, constructor := range s.provider.Actions(ctx) {
		made := constructor()
		withSecrets, ok := made.(interface{ Secrets() []string })
		if !ok {
			continue
		}
		var named action.MetadataResponse
		made.Metadata(ctx, action.MetadataRequest{ProviderTypeName: "servicenow"}, &named)
		if schema := resp.ActionSchemas[named.TypeName]; schema != nil {
			for _, dotted := range withSecrets.Secrets() {
				markWriteOnly(schema.Schema.Block.Attributes, dotted)
			}
		}
	}
	return resp, nil
}

func markWriteOnly(attributes []*tfprotov6.SchemaAttribute, dotted string) {
	name, inner, nested := strings.Cut(dotted, ".")
	for _, attribute := range attributes {
		switch {
		case attribute.Name != name:
		case nested && attribute.NestedType != nil:
			markWriteOnly(attribute.NestedType.Attributes, inner)
		default:
			attribute.WriteOnly = true
		}
	}
}

// call passes a request on and takes secrets out of what comes back.
func call[Q, R any](
	ctx context.Context, s *server, req *Q, serve func(context.Context, *Q) (*R, error),
) (*R, error) {
	resp, err := callReleased(ctx, req, serve)
	if resp != nil {
		s.clean(diagnosticsOf(resp))
	}
	if err != nil {
		err = errors.New(s.provider.redactor.Redact(err.Error()))
	}
	return resp, err
}

// diagnosticsOf returns a response's field Diagnostics.
func diagnosticsOf(resp any) []*tfprotov6.Diagnostic {
	diags, _ := reflect.ValueOf(resp).Elem().FieldByName("Diagnostics").Interface().([]*tfprotov6.Diagnostic)
	return diags
}

// notWhole is how the framework words, and misprints, a number with a fraction where a whole one belongs. It takes that
// for a bug of the provider.
var notWhole = regexp.MustCompile(`Value (?:%!s\(\*big\.Float=)?([^\s)]+)\)? is not an integer`)

func (s *server) clean(diags []*tfprotov6.Diagnostic) {
	for _, d := range diags {
		if found := notWhole.FindStringSubmatch(d.Detail); found != nil {
			d.Summary = "Not a whole number"
			d.Detail = "This attribute takes whole numbers only, and " + found[1] + " has a fraction."
		}
		d.Summary = s.provider.redactor.Redact(d.Summary)
		d.Detail = s.provider.redactor.Redact(d.Detail)
	}
}

func (s *server) InvokeAction(
	ctx context.Context, req *tfprotov6.InvokeActionRequest,
) (*tfprotov6.InvokeActionServerStream, error) {
	stream, err := s.frameworkServer.InvokeAction(ctx, req)
	if err != nil || stream == nil {
		return stream, err
	}
	return &tfprotov6.InvokeActionServerStream{Events: each(stream.Events, func(e *tfprotov6.InvokeActionEvent) {
		switch event := e.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			event.Message = s.provider.redactor.Redact(event.Message)
			e.Type = event
		case tfprotov6.CompletedInvokeActionEventType:
			s.clean(event.Diagnostics)
		}
	})}, nil
}

func (s *server) ListResource(
	ctx context.Context, req *tfprotov6.ListResourceRequest,
) (*tfprotov6.ListResourceServerStream, error) {
	stream, err := s.frameworkServer.ListResource(ctx, req)
	if err != nil || stream == nil {
		return stream, err
	}
	return &tfprotov6.ListResourceServerStream{Results: each(stream.Results, func(r *tfprotov6.ListResourceResult) {
		s.clean(r.Diagnostics)
	})}, nil
}

func each[E any](events iter.Seq[E], change func(*E)) iter.Seq[E] {
	return func(yield func(E) bool) {
		for event := range events {
			change(&event)
			if !yield(event) {
				return
			}
		}
	}
}

// CallFunction restores nulls that OpenTofu (1.12) sends as nothing at all, since a literal null has no type; the
// framework cannot read such an argument.
func (s *server) CallFunction(
	ctx context.Context, req *tfprotov6.CallFunctionRequest,
) (*tfprotov6.CallFunctionResponse, error) {
	const null = 0xc0 // as msgpack spells it
	for i, argument := range req.Arguments {
		if argument == nil || len(argument.MsgPack) == 0 && len(argument.JSON) == 0 {
			req.Arguments[i] = &tfprotov6.DynamicValue{MsgPack: []byte{null}}
		}
	}
	resp, err := callReleased(ctx, req, s.frameworkServer.CallFunction)
	if resp != nil && resp.Error != nil {
		resp.Error.Text = s.provider.redactor.Redact(resp.Error.Text)
	}
	return resp, err
}

func (s *server) GetResourceIdentitySchemas(
	ctx context.Context, req *tfprotov6.GetResourceIdentitySchemasRequest,
) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return call(ctx, s, req, s.frameworkServer.GetResourceIdentitySchemas)
}

func (s *server) ValidateProviderConfig(
	ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest,
) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return call(ctx, s, req, s.frameworkServer.ValidateProviderConfig)
}

func (s *server) ConfigureProvider(
	ctx context.Context, req *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	return call(ctx, s, req, s.frameworkServer.ConfigureProvider)
}

func (s *server) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return call(ctx, s, req, s.frameworkServer.ValidateResourceConfig)
}

func (s *server) UpgradeResourceState(
	ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return call(ctx, s, req, s.frameworkServer.UpgradeResourceState)
}

func (s *server) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	return call(ctx, s, req, s.frameworkServer.ReadResource)
}

func (s *server) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	return call(ctx, s, req, s.frameworkServer.PlanResourceChange)
}

func (s *server) ApplyResourceChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return call(ctx, s, req, s.frameworkServer.ApplyResourceChange)
}

func (s *server) ImportResourceState(
	ctx context.Context, req *tfprotov6.ImportResourceStateRequest,
) (*tfprotov6.ImportResourceStateResponse, error) {
	return call(ctx, s, req, s.frameworkServer.ImportResourceState)
}

func (s *server) MoveResourceState(
	ctx context.Context, req *tfprotov6.MoveResourceStateRequest,
) (*tfprotov6.MoveResourceStateResponse, error) {
	return call(ctx, s, req, s.frameworkServer.MoveResourceState)
}

func (s *server) UpgradeResourceIdentity(
	ctx context.Context, req *tfprotov6.UpgradeResourceIdentityRequest,
) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return call(ctx, s, req, s.frameworkServer.UpgradeResourceIdentity)
}

func (s *server) GenerateResourceConfig(
	ctx context.Context, req *tfprotov6.GenerateResourceConfigRequest,
) (*tfprotov6.GenerateResourceConfigResponse, error) {
	return call(ctx, s, req, s.frameworkServer.GenerateResourceConfig)
}

func (s *server) ValidateDataResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest,
) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return call(ctx, s, req, s.frameworkServer.ValidateDataResourceConfig)
}

func (s *server) ReadDataSource(
	ctx context.Context, req *tfprotov6.ReadDataSourceRequest,
) (*tfprotov6.ReadDataSourceResponse, error) {
	return call(ctx, s, req, s.frameworkServer.ReadDataSource)
}

func (s *server) ValidateEphemeralResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateEphemeralResourceConfigRequest,
) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return call(ctx, s, req, s.frameworkServer.ValidateEphemeralResourceConfig)
}

func (s *server) OpenEphemeralResource(
	ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest,
) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return call(ctx, s, req, s.frameworkServer.OpenEphemeralResource)
}

func (s *server) RenewEphemeralResource(
	ctx context.Context, req *tfprotov6.RenewEphemeralResourceRequest,
) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	return call(ctx, s, req, s.frameworkServer.RenewEphemeralResource)
}

func (s *server) CloseEphemeralResource(
	ctx context.Context, req *tfprotov6.CloseEphemeralResourceRequest,
) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return call(ctx, s, req, s.frameworkServer.CloseEphemeralResource)
}

func (s *server) ValidateListResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateListResourceConfigRequest,
) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	return call(ctx, s, req, s.frameworkServer.ValidateListResourceConfig)
}

func (s *server) ValidateActionConfig(
	ctx context.Context, req *tfprotov6.ValidateActionConfigRequest,
) (*tfprotov6.ValidateActionConfigResponse, error) {
	return call(ctx, s, req, s.frameworkServer.ValidateActionConfig)
}

func (s *server) PlanAction(
	ctx context.Context, req *tfprotov6.PlanActionRequest,
) (*tfprotov6.PlanActionResponse, error) {
	return call(ctx, s, req, s.frameworkServer.PlanAction)
}
