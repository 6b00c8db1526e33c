package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// NewElasticPrivileges lists the cross-scope privileges that an Elastic application needs.
func NewElasticPrivileges() function.Function {
	return elasticFunction{
		name:    "elastic_privileges",
		summary: "Lists the cross-scope privileges that an Elastic application needs",
		description: "Lists what the `servicenow_cross_scope_privilege` records of an Elastic application must hold: 6 for " +
			"`itsm`, 14 for `secops`. `target_scope` is the name of a scope (`global`, `sn_si`, `sn_ti`), which " +
			"`target_scope_id` takes as it is.",
		result: types.ObjectType{AttrTypes: map[string]attr.Type{
			"target_scope": types.StringType, "target_name": types.StringType,
			"target_type": types.StringType, "operation": types.StringType,
		}},
		of: func(app elasticApp) any { return app.privileges },
	}
}

// NewElasticRoles lists the roles that the integration user of an Elastic application needs.
func NewElasticRoles() function.Function {
	return elasticFunction{
		name:    "elastic_roles",
		summary: "Lists the roles that the integration user of an Elastic application needs",
		description: "Lists the names of the roles that the user needs whom Kibana acts as. Find each with " +
			"`data.servicenow_role`, and grant it with `servicenow_user_role`.",
		result: types.StringType,
		of:     func(app elasticApp) any { return app.roles },
	}
}

// elasticFunction returns a list about one of the Elastic applications.
type elasticFunction struct {
	name, summary, description string
	result                     attr.Type
	of                         func(elasticApp) any
}

func (f elasticFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = f.name
}

func (f elasticFunction) Definition(
	_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse,
) {
	resp.Definition = function.Definition{
		Summary:             f.summary,
		MarkdownDescription: f.description,
		Parameters: []function.Parameter{function.StringParameter{
			Name: "app", MarkdownDescription: "The application: `itsm` (Elastic for ITSM) or `secops` (Elastic for SecOps).",
		}},
		Return: function.ListReturn{ElementType: f.result},
	}
}

func (f elasticFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var name string
	if resp.Error = req.Arguments.Get(ctx, &name); resp.Error != nil {
		return
	}
	app, err := elasticAppNamed(name)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, f.of(app))
}
