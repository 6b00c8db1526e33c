package servicenowapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// Probe sends one request with other credentials than the connection's own. See the function Probe.
func (s *Client) Probe(
	ctx context.Context, method, path string, query url.Values, auth rest.Auth,
) (status int, message string, err error) {
	config := s.config
	config.Auth, config.Kind = auth, rest.KindServiceNow
	return rest.Probe(ctx, config, rest.Request{Method: method, Path: path, Query: query, Write: method != http.MethodGet})
}
