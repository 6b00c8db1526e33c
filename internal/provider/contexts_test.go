package provider

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"weak"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type luggageKey struct{}

type luggage [1 << 16]byte

// keepsContext reports whether a server still holds what a call's context held once the call is over.
func keepsContext(t *testing.T, s tfprotov6.ProviderServer) bool {
	t.Helper()
	schemas, err := s.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	block := schemas.ResourceSchemas["servicenow_role"].ValueType()
	attributes := map[string]tftypes.Value{}
	for name, of := range block.(tftypes.Object).AttributeTypes {
		attributes[name] = tftypes.NewValue(of, nil)
	}
	attributes["name"] = tftypes.NewValue(tftypes.String, "x_acme.reader")
	config, err := tfprotov6.NewDynamicValue(block, tftypes.NewValue(block, attributes))
	if err != nil {
		t.Fatal(err)
	}
	carried := validate(t, s, &config)
	runtime.GC()
	kept := carried.Value() != nil
	runtime.KeepAlive(s)
	return kept
}

// validate makes one call with a heavy context, which is cancelled afterwards as gRPC does.
func validate(t *testing.T, s tfprotov6.ProviderServer, config *tfprotov6.DynamicValue) weak.Pointer[luggage] {
	t.Helper()
	heavy := new(luggage)
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), luggageKey{}, heavy))
	defer cancel()
	response, err := s.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{
		TypeName: "servicenow_role", Config: config,
	})
	if err != nil || len(response.Diagnostics) > 0 {
		t.Fatal(err, response)
	}
	return weak.Make(heavy)
}

func TestServerLetsGoOfCalls(t *testing.T) {
	t.Parallel()
	s, err := NewServer("test")
	if err != nil {
		t.Fatal(err)
	}
	if keepsContext(t, s) {
		t.Error("the server keeps the context of a call that is over")
	}
	if !keepsContext(t, providerserver.NewProtocol6(New("test")())()) {
		t.Error("terraform-plugin-framework's own server lets go of contexts by now: NewServer is no longer needed")
	}
}

func TestReleasedContext(t *testing.T) {
	t.Parallel()
	outer, cancel := context.WithCancelCause(context.WithValue(t.Context(), luggageKey{}, "a"))
	var during, below context.Context
	_, err := callReleased(outer, 1, func(ctx context.Context, _ int) (int, error) {
		var stop context.CancelFunc
		during = ctx //nolint:fatcontext // looked at after the call
		below, stop = context.WithCancel(ctx)
		t.Cleanup(stop)
		if ctx.Value(luggageKey{}) != "a" || ctx.Err() != nil || below.Err() != nil {
			t.Errorf("during the call: value %v, errors %v, %v", ctx.Value(luggageKey{}), ctx.Err(), below.Err())
		}
		cancel(errors.New("interrupted"))
		<-below.Done() // reaches what the framework derives
		return 0, context.Cause(ctx)
	})
	if err == nil || err.Error() != "interrupted" {
		t.Errorf("the cause is %v", err)
	}
	if during.Value(luggageKey{}) != nil || !errors.Is(during.Err(), context.Canceled) {
		t.Errorf("after the call: value %v, error %v", during.Value(luggageKey{}), during.Err())
	}
}
