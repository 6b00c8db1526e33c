package process

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// server is all that terraform-plugin-framework's server does: what is left out here, Terraform would not find.
type server interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
	tfprotov6.StateStoreServer
}

// NewServer serves p. terraform-plugin-framework 1.19 keeps a cancel function of every call until the process ends, and
// with it the call's context, its loggers and its gRPC stream: 8 KB for a call, 40 KB for a record that is created.
// Those calls that come once for every resource are therefore made with a context that lets go of the rest once they
// are over.
func NewServer(p provider.Provider) (tfprotov6.ProviderServer, error) {
	whole, ok := providerserver.NewProtocol6(p)().(server)
	if !ok {
		return nil, fmt.Errorf("terraform-plugin-framework's server lacks a part of the protocol: %T", whole)
	}
	return lean{whole}, nil
}

type lean struct{ server }

// called makes one call with a context that is let go of afterwards.
func called[Q, R any](ctx context.Context, request Q, call func(context.Context, Q) (R, error)) (R, error) {
	passing := &passing{}
	passing.current.Store(&ctx)
	defer passing.current.Store(&over) //nolint:contextcheck // no call is made with it
	return call(passing, request)      //nolint:contextcheck // passing stands for ctx
}

// over is what a context that was let go of is from then on.
var over = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// passing is a context that stands for another while a call lasts, and for a cancelled one afterwards. The framework's
// own context below it was cancelled with the call's before, by gRPC, or is when the call's is.
type passing struct {
	current atomic.Pointer[context.Context]
}

func (p *passing) of() context.Context         { return *p.current.Load() }
func (p *passing) Deadline() (time.Time, bool) { return p.of().Deadline() }
func (p *passing) Done() <-chan struct{}       { return p.of().Done() }
func (p *passing) Err() error                  { return p.of().Err() }
func (p *passing) Value(key any) any           { return p.of().Value(key) }

func (s lean) ValidateResourceConfig(ctx context.Context, r *tfprotov6.ValidateResourceConfigRequest) (
	*tfprotov6.ValidateResourceConfigResponse, error,
) {
	return called(ctx, r, s.server.ValidateResourceConfig)
}

func (s lean) UpgradeResourceState(ctx context.Context, r *tfprotov6.UpgradeResourceStateRequest) (
	*tfprotov6.UpgradeResourceStateResponse, error,
) {
	return called(ctx, r, s.server.UpgradeResourceState)
}

func (s lean) UpgradeResourceIdentity(ctx context.Context, r *tfprotov6.UpgradeResourceIdentityRequest) (
	*tfprotov6.UpgradeResourceIdentityResponse, error,
) {
	return called(ctx, r, s.server.UpgradeResourceIdentity)
}

func (s lean) ReadResource(ctx context.Context, r *tfprotov6.ReadResourceRequest) (
	*tfprotov6.ReadResourceResponse, error,
) {
	return called(ctx, r, s.server.ReadResource)
}

func (s lean) PlanResourceChange(ctx context.Context, r *tfprotov6.PlanResourceChangeRequest) (
	*tfprotov6.PlanResourceChangeResponse, error,
) {
	return called(ctx, r, s.server.PlanResourceChange)
}

func (s lean) ApplyResourceChange(ctx context.Context, r *tfprotov6.ApplyResourceChangeRequest) (
	*tfprotov6.ApplyResourceChangeResponse, error,
) {
	return called(ctx, r, s.server.ApplyResourceChange)
}

func (s lean) ImportResourceState(ctx context.Context, r *tfprotov6.ImportResourceStateRequest) (
	*tfprotov6.ImportResourceStateResponse, error,
) {
	return called(ctx, r, s.server.ImportResourceState)
}

func (s lean) ValidateDataResourceConfig(ctx context.Context, r *tfprotov6.ValidateDataResourceConfigRequest) (
	*tfprotov6.ValidateDataResourceConfigResponse, error,
) {
	return called(ctx, r, s.server.ValidateDataResourceConfig)
}

func (s lean) ReadDataSource(ctx context.Context, r *tfprotov6.ReadDataSourceRequest) (
	*tfprotov6.ReadDataSourceResponse, error,
) {
	return called(ctx, r, s.server.ReadDataSource)
}

func (s lean) CallFunction(ctx context.Context, r *tfprotov6.CallFunctionRequest) (
	*tfprotov6.CallFunctionResponse, error,
) {
	return called(ctx, r, s.server.CallFunction)
}
