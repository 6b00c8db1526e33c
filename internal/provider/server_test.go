package provider

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// later stands for a value that is known only after apply.
const later = "\x00later"

// object makes a value of a type from nested maps; what they leave out is null.
func object(as tftypes.Type, given any) tftypes.Value {
	if given == nil {
		return tftypes.NewValue(as, nil)
	}
	if given == later {
		return tftypes.NewValue(as, tftypes.UnknownValue)
	}
	values := map[string]tftypes.Value{}
	switch of := as.(type) {
	case tftypes.Object:
		for name, inner := range of.AttributeTypes {
			values[name] = object(inner, given.(map[string]any)[name])
		}
	case tftypes.Map:
		for name, value := range given.(map[string]any) {
			values[name] = object(of.ElementType, value)
		}
	default:
		return tftypes.NewValue(as, given)
	}
	return tftypes.NewValue(as, values)
}

func dynamic(t *testing.T, as tftypes.Type, given map[string]any) *tfprotov6.DynamicValue {
	t.Helper()
	value, err := tfprotov6.NewDynamicValue(as, object(as, given))
	if err != nil {
		t.Fatal(err)
	}
	return &value
}

// served starts the provider as Terraform meets it, with a configuration.
func served(t *testing.T, block map[string]any) (
	server frameworkServer, schemas *tfprotov6.GetProviderSchemaResponse, told []*tfprotov6.Diagnostic,
) {
	t.Helper()
	made, err := NewServer("test")
	if err != nil {
		t.Fatal(err)
	}
	server = made.(frameworkServer)
	schemas, err = server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	given := dynamic(t, schemas.Provider.ValueType(), block)
	valid, err := server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: given})
	if err != nil {
		t.Fatal(err)
	}
	if len(valid.Diagnostics) > 0 {
		return server, schemas, valid.Diagnostics
	}
	configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: given})
	if err != nil {
		t.Fatal(err)
	}
	return server, schemas, configured.Diagnostics
}

func text(diags []*tfprotov6.Diagnostic) string {
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "%s %s: %s\n", d.Severity, d.Summary, d.Detail)
	}
	return b.String()
}

func TestConfigure(t *testing.T) {
	withLogin := func(url, login string) string { return strings.Replace(url, "://", "://"+login+"@", 1) }
	type block = map[string]any
	const url = "https://dev1.service-now.com"
	for name, test := range map[string]struct {
		block       block
		environment map[string]string
		want        []string // all of them; none: no diagnostic at all
		atBlock     bool     // the diagnostic has no attribute
	}{
		"whole": {block: block{
			"instance_url": url, "basic_auth": block{"username": "u", "password": "p"},
			"secret_change_detection": "version", "allow_lockout": true, "accept_vanished": true,
			"kibana": block{"url": "https://example.com/kibana", "api_key": "aWQ6a2V5", "version": "9.1.3"},
		}},
		"credentials in the URL": {
			block: block{"instance_url": withLogin(url, "admin:canary"), "bearer_token": "t"},
			want:  []string{"instance_url must not hold a user name or password"}, atBlock: true,
		},
		"credentials in a broken URL": {
			block: block{"instance_url": withLogin(url, "admin:canary%zz"), "bearer_token": "t"},
			want:  []string{"instance_url is not a URL"}, atBlock: true,
		},
		"credentials in Kibana's URL": {
			block: block{"kibana": block{"url": withLogin(url, "elastic:canary"), "bearer_token": "t"}},
			want:  []string{"kibana.url must not hold a user name or password"}, atBlock: true,
		},
		"credentials in a URL without a method": {
			block: block{"instance_url": withLogin(url, "admin:canary")},
			want:  []string{"No authentication method"}, atBlock: true,
		},
		"half in the environment": {
			block: block{"instance_url": url}, environment: map[string]string{"SERVICENOW_USERNAME": "u"},
			want: []string{"SERVICENOW_USERNAME is set, but SERVICENOW_PASSWORD is not"},
		},
		"half of a JWT in the environment": {
			block: block{"instance_url": url}, environment: map[string]string{"SERVICENOW_OAUTH_PRIVATE_KEY": "canary"},
			want: []string{"SERVICENOW_OAUTH_PRIVATE_KEY is set, but SERVICENOW_OAUTH_CLIENT_ID is not"},
		},
		"half in the block": {
			block: block{"instance_url": url, "basic_auth": block{"username": "u"}},
			want:  []string{"basic_auth.password is missing", "SERVICENOW_PASSWORD is not set", "block: basic_auth.username"},
		},
		"half in the block, the other half of another method": {
			block:       block{"instance_url": url, "basic_auth": block{"username": "u"}},
			environment: map[string]string{"SERVICENOW_API_KEY": "canary"},
			want:        []string{"basic_auth.password is missing"},
		},
		"a typo in the block": {
			block:       block{"instance_url": url, "basic_auth": block{"password": "canary"}},
			environment: map[string]string{"SERVICENOW_USERNAME": "other"},
			want:        []string{"WARNING", "basic_auth.username is taken from SERVICENOW_USERNAME"}, atBlock: true,
		},
		"a password from the environment": {
			block:       block{"instance_url": url, "basic_auth": block{"username": "u"}},
			environment: map[string]string{"SERVICENOW_PASSWORD": "canary"},
		},
		"an unknown header": {
			block: block{"instance_url": url, "bearer_token": "t", "http": block{"headers": block{"X-A": later}}},
		},
		"an unknown header of Kibana": {
			block: block{"kibana": block{
				"url": "https://example.com", "bearer_token": "t", "http": block{"headers": block{"X-A": later}},
			}},
		},
		"an overridden method": {
			block: block{
				"instance_url": url, "bearer_token": "t",
				"http": block{"headers": block{"x-http-method-override": "DELETE"}},
			},
			want: []string{"X-Http-Method-Override is set by the provider itself"},
		},
		"a Kibana key in plain": {
			block: block{"kibana": block{"url": "https://example.com", "api_key": "id:canary"}},
			want:  []string{"kibana.api_key is id:key in plain", "encoded form"}, atBlock: true,
		},
		"an impossible release": {
			block: block{"kibana": block{"url": "https://example.com", "bearer_token": "t", "version": "latest"}},
			want:  []string{"such as 9.1"},
		},
		"another way to notice changes": {
			block: block{"secret_change_detection": "hash"}, want: []string{`"digest" "version"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range test.environment {
				t.Setenv(name, value)
			}
			_, _, told := served(t, test.block)
			said := text(told)
			if (len(told) > 0) != (len(test.want) > 0) || len(told) > 1 {
				t.Fatalf("told %q", said)
			}
			for _, want := range test.want {
				if !strings.Contains(said, want) {
					t.Errorf("told %q, want %q", said, want)
				}
			}
			if strings.Contains(said, "canary") || test.atBlock && told[0].Attribute != nil {
				t.Errorf("told %q at %v", said, told[0].Attribute)
			}
		})
	}
}

// TestUnknownHeadersAreNotSentEmpty holds that a header whose value is not known yet keeps the side unconnected.
func TestUnknownHeadersAreNotSentEmpty(t *testing.T) {
	t.Parallel()
	instance := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was sent with the header %q", r.Method, r.URL, r.Header.Values("X-Gateway"))
	}))
	defer instance.Close()
	server, schemas, told := served(t, map[string]any{
		"instance_url": instance.URL, "bearer_token": "t",
		"http": map[string]any{"headers": map[string]any{"X-Gateway": later}},
	})
	if len(told) > 0 {
		t.Fatal(text(told))
	}
	resp, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: "servicenow_role",
		Config:   dynamic(t, schemas.DataSourceSchemas["servicenow_role"].ValueType(), map[string]any{"name": "admin"}),
	})
	if err != nil || !strings.Contains(text(resp.Diagnostics), "not known yet") {
		t.Errorf("%v, %s", err, text(resp.Diagnostics))
	}
}

// TestSecretsOfActionsAreWriteOnly holds what Terraform needs to accept ephemeral values, and that the framework still
// takes them: through the protocol, since Terraform before 1.14 asks for no actions.
func TestSecretsOfActionsAreWriteOnly(t *testing.T) {
	t.Parallel()
	status, hint := http.StatusOK, ""
	instance := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		// A server that quotes everything that it got.
		quoted := r.Header.Get("X-Sn-Apikey") + string(body)
		_, _ = fmt.Fprintf(w, `{"result":%[1]q,"error":{"message":%[1]q}}`, quoted) //nolint:gosec // no browser
		hint = r.Header.Get("Authorization")
	}))
	defer instance.Close()
	server, schemas, told := served(t, map[string]any{"instance_url": instance.URL, "bearer_token": "provider-token"})
	if len(told) > 0 {
		t.Fatal(text(told))
	}
	schema := schemas.ActionSchemas["servicenow_send_event"].Schema
	writeOnly := map[string]bool{}
	var walk func(prefix string, attributes []*tfprotov6.SchemaAttribute)
	walk = func(prefix string, attributes []*tfprotov6.SchemaAttribute) {
		for _, a := range attributes {
			writeOnly[prefix+a.Name] = a.WriteOnly
			if a.NestedType != nil {
				walk(prefix+a.Name+".", a.NestedType.Attributes)
			}
		}
	}
	walk("", schema.Block.Attributes)
	for name, is := range writeOnly {
		if want := name == "api_key" || name == "bearer_token" || name == "basic_auth.password"; is != want {
			t.Errorf("%s: write-only is %v", name, is)
		}
	}

	given := dynamic(t, schema.ValueType(), map[string]any{
		"source": "probe", "event": `{"a":"b"}`, "api_key": "now_canary-key",
	})
	valid, err := server.ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{
		ActionType: "servicenow_send_event", Config: given,
	})
	if err != nil || len(valid.Diagnostics) > 0 {
		t.Fatalf("%v, %s", err, text(valid.Diagnostics))
	}
	lines, failed := invoke(t.Context(), t, server, given)
	said := strings.Join(lines, "\n")
	if !strings.Contains(said, "[redacted]") || strings.Contains(said, "canary") || failed != "" {
		t.Errorf("progress %q, %s", said, failed)
	}
	if hint != "" {
		t.Error("the provider's own token was sent")
	}
	status = http.StatusUnauthorized
	_, failed = invoke(t.Context(), t, server, given)
	if !strings.Contains(failed, "api_key of this action") || strings.Contains(failed, "provider block") ||
		strings.Contains(failed, "canary") {
		t.Errorf("the refusal of the action's own key: %s", failed)
	}
	_, failed = invoke(t.Context(), t, server, dynamic(t, schema.ValueType(), map[string]any{
		"source": "probe", "event": `{"a":"b"}`,
	}))
	if !strings.Contains(failed, "provider block") {
		t.Errorf("the refusal of the provider's credentials: %s", failed)
	}
}

func invoke(
	ctx context.Context, t *testing.T, server frameworkServer, given *tfprotov6.DynamicValue,
) (progress []string, failed string) {
	t.Helper()
	stream, err := server.InvokeAction(ctx, &tfprotov6.InvokeActionRequest{
		ActionType: "servicenow_send_event", Config: given,
	})
	if err != nil {
		t.Fatal(err)
	}
	for event := range stream.Events {
		switch e := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, e.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			failed = text(e.Diagnostics)
		}
	}
	return progress, failed
}
