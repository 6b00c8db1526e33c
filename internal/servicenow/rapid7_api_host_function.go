package servicenow

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
)

// NewRapid7APIHost returns the host of a region of the Insight platform.
func NewRapid7APIHost() function.Function { return rapid7APIHost{} }

type rapid7APIHost struct{}

// rapid7Regions are the regions by name and code.
//
// Source: Rapid7's documentation of the ServiceNow Security Operations integration, the hosts to permit.
var rapid7Regions = map[string]string{
	"united states": "us", "europe": "eu", "canada": "ca", "japan": "ap", "australia": "au",
	"us": "us", "eu": "eu", "ca": "ca", "ap": "ap", "au": "au",
}

func (rapid7APIHost) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "rapid7_api_host"
}

func (rapid7APIHost) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Gives the host of a region of Rapid7's Insight platform",
		MarkdownDescription: "Returns the host of InsightVM's API in a region, such as `us.api.insight.rapid7.com`. The " +
			"region must be the one that InsightVM is set up in; with another one no data arrives, without an error.",
		Parameters: []function.Parameter{function.StringParameter{
			Name: "region",
			MarkdownDescription: "The region: `United States` or `us`, `Europe` or `eu`, `Canada` or `ca`, `Japan` or `ap`, " +
				"`Australia` or `au`.",
		}},
		Return: function.StringReturn{},
	}
}

func (rapid7APIHost) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var region string
	if resp.Error = req.Arguments.Get(ctx, &region); resp.Error != nil {
		return
	}
	code, ok := rapid7Regions[strings.ToLower(region)]
	if !ok {
		resp.Error = function.NewArgumentFuncError(0, "the region must be United States (us), Europe (eu), Canada (ca), "+
			"Japan (ap) or Australia (au), not "+region)
		return
	}
	resp.Error = resp.Result.Set(ctx, code+".api.insight.rapid7.com")
}
