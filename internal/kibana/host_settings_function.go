package kibana

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"go.yaml.in/yaml/v3"
)

// NewHostSettings writes the part of kibana.yml that says how to trust the hosts that connectors call.
func NewHostSettings() function.Function { return hostSettingsFunction{} }

type hostSettingsFunction struct{}

// customHostSettings is the setting as Kibana reads it: certificates as data, since files would have to be on its
// hosts.
type customHostSettings struct {
	Hosts []hostSettings `yaml:"xpack.actions.customHostSettings"`
}

type hostSettings struct {
	URL string     `yaml:"url"`
	SSL *hostTrust `yaml:"ssl,omitempty"`
}

type hostTrust struct {
	VerificationMode string `yaml:"verificationMode,omitempty"`
	Certificates     string `yaml:"certificateAuthoritiesData,omitempty"`
}

func (hostSettingsFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "kibana_host_settings"
}

func (hostSettingsFunction) Definition(
	_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse,
) {
	resp.Definition = function.Definition{
		Summary: "Writes xpack.actions.customHostSettings for kibana.yml",
		MarkdownDescription: "Writes the part of `kibana.yml` that tells Kibana how to trust the hosts which its " +
			"connectors call, as YAML. No API of Kibana sets it: write it to a file with `local_file` or hand it to what " +
			"deploys Kibana.",
		Parameters: []function.Parameter{function.DynamicParameter{
			Name: "hosts",
			MarkdownDescription: "A list of objects, each with `url` (scheme, host and port: " +
				"`https://dev12345.service-now.com`), and optionally `verification_mode` (`full`, `certificate` or `none`) and " +
				"`ca_pem` (PEM text of the certificate authorities).",
		}},
		Return: function.StringReturn{},
	}
}

func (hostSettingsFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var hosts types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &hosts); resp.Error != nil {
		return
	}
	settings, err := hostSettingsOf(hosts.UnderlyingValue())
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	var text strings.Builder
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(customHostSettings{settings}); err != nil {
		resp.Error = function.NewFuncError("writing YAML: " + err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, text.String())
}

// hostSettingsOf reads the argument, which is dynamic because an object parameter refuses objects that leave a key out.
func hostSettingsOf(hosts attr.Value) ([]hostSettings, error) {
	collection, ok := hosts.(interface{ Elements() []attr.Value })
	if !ok {
		return nil, errors.New("must be a list of objects with url, verification_mode and ca_pem")
	}
	settings := []hostSettings{}
	for i, element := range collection.Elements() {
		members, err := membersOf(element)
		if err != nil {
			return nil, fmt.Errorf("element %d %w", i, err)
		}
		host := hostSettings{URL: members["url"]}
		if err := checkHostURL(host.URL); err != nil {
			return nil, fmt.Errorf("element %d: url %w", i, err)
		}
		trust := hostTrust{VerificationMode: members["verification_mode"], Certificates: members["ca_pem"]}
		if mode := trust.VerificationMode; mode != "" && !slices.Contains([]string{"full", "certificate", "none"}, mode) {
			return nil, fmt.Errorf("element %d: verification_mode must be full, certificate or none", i)
		}
		if strings.Contains(trust.Certificates, "PRIVATE KEY") {
			return nil, fmt.Errorf("element %d: ca_pem holds a private key; it takes certificates", i)
		}
		if trust != (hostTrust{}) {
			host.SSL = &trust
		}
		settings = append(settings, host)
	}
	return settings, nil
}

func membersOf(element attr.Value) (map[string]string, error) {
	if dynamic, ok := element.(types.Dynamic); ok {
		element = dynamic.UnderlyingValue()
	}
	var attributes map[string]attr.Value
	switch v := element.(type) {
	case types.Object:
		attributes = v.Attributes()
	case types.Map:
		attributes = v.Elements()
	default:
		return nil, errors.New("is not an object")
	}
	members := map[string]string{}
	for name, value := range attributes {
		if !slices.Contains([]string{"url", "verification_mode", "ca_pem"}, name) {
			return nil, fmt.Errorf("has %s; the keys are url, verification_mode and ca_pem", name)
		}
		if dynamic, ok := value.(types.Dynamic); ok {
			value = dynamic.UnderlyingValue()
		}
		if value == nil || value.IsNull() {
			continue
		}
		text, ok := value.(types.String)
		if !ok {
			return nil, fmt.Errorf("has a %s that is not a text", name)
		}
		members[name] = text.ValueString()
	}
	return members, nil
}

// checkHostURL holds what Kibana refuses at its start: anything but a scheme, a host and a port.
func checkHostURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "":
		return errors.New("must be a URL such as https://dev12345.service-now.com:443")
	case u.Scheme != "https" && u.Scheme != "smtp":
		return errors.New("must begin with https:// or smtp://")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil:
		return errors.New("must not have a path, a query or a user name")
	}
	return nil
}
