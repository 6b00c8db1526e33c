package acctest

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Invocation is what came of an action.
type Invocation struct {
	// Invalid are the errors of validation; with one, the action was not run.
	Invalid []string
	// Progress are the lines shown, and Errors what failed.
	Progress, Errors []string
}

// Invoke runs an action as Terraform 1.14 does. The terraform at hand may be older, so this speaks the protocol itself.
// config holds strings and maps; an attribute that it leaves out is null.
func (w *World) Invoke(t *testing.T, actionType string, config map[string]any) Invocation {
	t.Helper()
	made, err := Factories()["servicenow"]()
	if err != nil {
		t.Fatal(err)
	}
	server, ok := made.(interface {
		tfprotov6.ProviderServer
		tfprotov6.ActionServer
	})
	if !ok {
		t.Fatal("the provider serves no actions")
	}
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	login := func(username, password string) map[string]any {
		return map[string]any{"username": username, "password": password}
	}
	provider := dynamic(t, schemas.Provider.ValueType(), map[string]any{
		"instance_url": w.ServiceNowURL(), "basic_auth": login(w.ServiceNow.AdminUser(), w.ServiceNow.AdminPassword()),
		"kibana": map[string]any{"url": w.KibanaURL(), "basic_auth": login(KibanaUser, KibanaPassword)},
	})
	configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: provider})
	if err != nil || len(configured.Diagnostics) > 0 {
		t.Fatal(err, told(configured.Diagnostics))
	}
	schema, ok := schemas.ActionSchemas[actionType]
	if !ok {
		t.Fatalf("there is no action %s", actionType)
	}
	given := dynamic(t, schema.Schema.ValueType(), config)
	valid, err := server.ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{
		ActionType: actionType, Config: given,
	})
	if err != nil {
		t.Fatal(err)
	}
	if invalid := told(valid.Diagnostics); len(invalid) > 0 {
		return Invocation{Invalid: invalid}
	}
	planned, err := server.PlanAction(t.Context(), &tfprotov6.PlanActionRequest{ActionType: actionType, Config: given})
	if err != nil || len(planned.Diagnostics) > 0 {
		t.Fatal(err, told(planned.Diagnostics))
	}
	stream, err := server.InvokeAction(t.Context(), &tfprotov6.InvokeActionRequest{ActionType: actionType, Config: given})
	if err != nil {
		t.Fatal(err)
	}
	var came Invocation
	for event := range stream.Events {
		switch e := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			came.Progress = append(came.Progress, e.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			came.Errors = told(e.Diagnostics)
		}
	}
	return came
}

func told(diags []*tfprotov6.Diagnostic) []string {
	var all []string
	for _, d := range diags {
		all = append(all, d.Summary+": "+d.Detail)
	}
	return all
}

func dynamic(t *testing.T, as tftypes.Type, config map[string]any) *tfprotov6.DynamicValue {
	t.Helper()
	value, err := valueOf(as, config)
	if err != nil {
		t.Fatal(err)
	}
	made, err := tfprotov6.NewDynamicValue(as, value)
	if err != nil {
		t.Fatal(err)
	}
	return &made
}

func valueOf(as tftypes.Type, given any) (tftypes.Value, error) {
	object, ok := as.(tftypes.Object)
	switch {
	case given == nil:
		return tftypes.NewValue(as, nil), nil
	case !ok:
		return tftypes.NewValue(as, given), nil
	}
	attributes, ok := given.(map[string]any)
	if !ok {
		return tftypes.Value{}, fmt.Errorf("%v is not an object", given)
	}
	values := map[string]tftypes.Value{}
	for name, inner := range object.AttributeTypes {
		value, err := valueOf(inner, attributes[name])
		if err != nil {
			return tftypes.Value{}, err
		}
		values[name] = value
	}
	return tftypes.NewValue(as, values), nil
}
