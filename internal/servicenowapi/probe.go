package servicenowapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// Probe sends one request with other credentials than the connection's own. See the function Probe.
func (s *Client) Probe(
	ctx context.Context, method, path string, query url.Values, auth rest.Auth,
) (status int, message string, err error) {
	return s.ProbeAt(ctx, "", method, path, query, auth)
}

// ProbeAt is Probe at another instance, or, where instanceURL is empty, at this one.
func (s *Client) ProbeAt(
	ctx context.Context, instanceURL, method, path string, query url.Values, auth rest.Auth,
) (status int, message string, err error) {
	config := s.configAt(instanceURL)
	config.Auth, config.Kind = auth, rest.KindServiceNow
	return rest.Probe(ctx, config, rest.Request{Method: method, Path: path, Query: query, Write: method != http.MethodGet})
}

// configAt is the configuration for an instance; empty is this one. Another one inherits neither exceptions made for
// this one nor headers, which may hold secrets of the way to it.
func (s *Client) configAt(instanceURL string) rest.Config {
	config := s.config
	if instanceURL == "" || strings.TrimSuffix(instanceURL, "/") == s.URL() {
		return config
	}
	config.BaseURL, config.AllowHTTP = instanceURL, false
	config.HTTP.Headers, config.HTTP.InsecureSkipVerify = nil, false
	return config
}
