// Package provider is the table of contents: the provider block, and the lists of what it serves.
package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/integration"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenow"
)

// New makes the provider's constructor. version goes into the User-Agent. Terraform is served by NewServer.
func New(version string, options ...Option) func() provider.Provider {
	return func() provider.Provider { return newProvider(version, options) }
}

func newProvider(version string, options []Option) *servicenowProvider {
	p := &servicenowProvider{version: version, redactor: rest.NewRedactor(), patience: record.Patience, log: log}
	for _, set := range options {
		set(p)
	}
	return p
}

// Option changes how a provider behaves in ways that no configuration can.
type Option func(*servicenowProvider)

// WithPatience sets how long a create whose outcome is unknown is looked for: tests need not wait half a minute.
func WithPatience(patience time.Duration) Option {
	return func(p *servicenowProvider) { p.patience = patience }
}

// WithUsage counts all that is sent in usage.
func WithUsage(usage *rest.Usage) Option {
	return func(p *servicenowProvider) { p.usage = usage }
}

// WithoutLog spares the work of logs that nobody reads.
func WithoutLog() Option {
	return func(p *servicenowProvider) { p.log = nil }
}

type servicenowProvider struct {
	version string
	// redactor learns the secrets of both sides, and of everything that is sent.
	redactor *rest.Redactor
	patience time.Duration
	log      rest.LogFunc // nil: nobody reads
	usage    *rest.Usage  // nil: nobody counts
}

var _ interface {
	provider.ProviderWithActions
	provider.ProviderWithListResources
	provider.ProviderWithFunctions
	provider.ProviderWithEphemeralResources
	provider.ProviderWithValidateConfig
} = (*servicenowProvider)(nil)

func (p *servicenowProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "servicenow"
	resp.Version = p.version
}

func (p *servicenowProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		servicenow.NewAPIKeyAuthProfile,
		servicenow.NewAuthParameter,
		servicenow.NewAuthScope,
		servicenow.NewCertificate,
		servicenow.NewCORSRule,
		servicenow.NewCrossScopePrivilege,
		servicenow.NewEventConnector,
		servicenow.NewEventConnectorInstance,
		servicenow.NewGroup,
		servicenow.NewGroupMember,
		servicenow.NewGroupRole,
		servicenow.NewHTTPAuthProfile,
		servicenow.NewJWTVerifierMap,
		servicenow.NewOAuthClient,
		servicenow.NewOAuthJWTEndpoint,
		servicenow.NewPlugin,
		servicenow.NewRecord,
		servicenow.NewRESTAPIAccessPolicy,
		servicenow.NewRESTAPIAuthScope,
		servicenow.NewRESTAPIKey,
		servicenow.NewRole,
		servicenow.NewSecurityIntegration,
		servicenow.NewStoreApplication,
		servicenow.NewSystemProperty,
		servicenow.NewUser,
		servicenow.NewUserRole,

		kibana.NewCaseSettings,
		kibana.NewConnector,
		kibana.NewITOMConnector,
		kibana.NewITSMConnector,
		kibana.NewJiraConnector,
		kibana.NewResilientConnector,
		kibana.NewSecOpsConnector,
		kibana.NewSwimlaneConnector,
	}
}

func (p *servicenowProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		servicenow.NewApplicationData,
		servicenow.NewAuthParameterData,
		servicenow.NewAuthProfileData,
		servicenow.NewAuthScopeData,
		servicenow.NewCertificateData,
		servicenow.NewElasticApplicationData,
		servicenow.NewEventConnectorData,
		servicenow.NewPluginData,
		servicenow.NewPreflightData,
		servicenow.NewRecordData,
		servicenow.NewRecordsData,
		servicenow.NewRESTAPIData,
		servicenow.NewRoleData,
		servicenow.NewSecurityIntegrationDefinitionData,
		servicenow.NewUserData,

		integration.NewHealthData,

		kibana.NewConnectorData,
		kibana.NewConnectorTestData,
		kibana.NewConnectorTypesData,
		kibana.NewConnectorsData,
	}
}

func (p *servicenowProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		servicenow.NewInboundAccessCheck,
		servicenow.NewOAuthToken,
	}
}

func (p *servicenowProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		servicenow.NewElasticPrivileges,
		servicenow.NewElasticRoles,
		servicenow.NewInboundEventURL,
		kibana.NewHostSettings,
		servicenow.NewRapid7APIHost,
	}
}

// ListResources lists the records of every resource of one table or connector type.
func (p *servicenowProvider) ListResources(ctx context.Context) []func() list.ListResource {
	var all []func() list.ListResource
	for _, constructor := range p.Resources(ctx) {
		if listed, ok := lifecycle.ListOf(constructor()); ok {
			all = append(all, listed)
		}
	}
	return all
}

func (p *servicenowProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{
		servicenow.NewSendEvent,

		kibana.NewConnectorRun,
	}
}
