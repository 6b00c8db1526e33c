package servicenow

import (
	"context"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
)

// NewInboundEventURL returns the URL that a sender posts events to.
func NewInboundEventURL() function.Function { return inboundEventURL{} }

type inboundEventURL struct{}

// eventPaths are the endpoints that take events, by the word that chooses them. Only the push connectors' ones take a
// source and an instance; the records that jsonv2 takes carry their source themselves.
var eventPaths = map[string]struct {
	path   string
	source bool
}{
	"connector": {"/api/sn_em_connector/em/inbound_event", true},
	"mid":       {"/api/mid/em/inbound_event", true},
	"jsonv2":    {"/api/global/em/jsonv2", false},
}

func (inboundEventURL) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "inbound_event_url"
}

func (inboundEventURL) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Gives the URL that a sender posts events to",
		MarkdownDescription: "Gives the URL of Event Management that takes the events of one source. A key as a query " +
			"parameter is for the sender to add, so that it does not get into the state.",
		Parameters: []function.Parameter{
			function.StringParameter{
				Name: "instance_url",
				MarkdownDescription: "The instance, or the MID server for the path `mid`, such as " +
					"`https://dev12345.service-now.com`.",
			},
			function.StringParameter{
				Name: "source", MarkdownDescription: "`source` of the `servicenow_event_connector`.",
			},
			function.StringParameter{
				Name: "instance_id", AllowNullValue: true,
				MarkdownDescription: "`id` of the `servicenow_event_connector_instance`, or `null` for the connector itself.",
			},
		},
		VariadicParameter: function.StringParameter{
			Name: "path",
			MarkdownDescription: "At most one of `connector` (the default), `mid` (the same on a MID server) and `jsonv2` " +
				"(bulk events without a connector, the way Kibana's ITOM connector posts them; each names its source).",
		},
		Return: function.StringReturn{},
	}
}

func (inboundEventURL) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var instanceURL, source string
	var instanceID *string
	var paths []string
	if resp.Error = req.Arguments.Get(ctx, &instanceURL, &source, &instanceID, &paths); resp.Error != nil {
		return
	}
	chosen := "connector"
	if len(paths) > 0 {
		chosen = paths[0]
	}
	at, ok := eventPaths[chosen]
	base, err := url.Parse(instanceURL)
	switch {
	case len(paths) > 1:
		resp.Error = function.NewArgumentFuncError(4, "there is one path at most")
	case !ok:
		resp.Error = function.NewArgumentFuncError(3, "the path must be connector, mid or jsonv2")
	case err != nil || base.Scheme == "" || base.Host == "" || strings.Trim(base.Path, "/") != "" || base.RawQuery != "" ||
		base.User != nil:
		resp.Error = function.NewArgumentFuncError(0,
			"must be the root of a server, such as https://dev12345.service-now.com")
	case at.source && source == "":
		resp.Error = function.NewArgumentFuncError(1, "must not be empty")
	}
	if resp.Error != nil {
		return
	}
	target := base.Scheme + "://" + base.Host + at.path
	if at.source {
		target += "?source=" + url.QueryEscape(source)
		if instanceID != nil && *instanceID != "" {
			target += "&sys_id=" + url.QueryEscape(*instanceID)
		}
	}
	resp.Error = resp.Result.Set(ctx, target)
}
