package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewCertificateData finds a certificate (sys_certificate).
var NewCertificateData = lifecycle.NewLookup[certificateData](lifecycle.Lookup{
	Type:  "certificate",
	Table: "sys_certificate",
	Keys:  []string{"name"},
	Description: "Finds an X.509 certificate (`sys_certificate`) by its name, for `certificate_id` of a " +
		"`servicenow_jwt_verifier_map`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The certificate's name."},
	},
})

type certificateData struct {
	lifecycle.Found
	Name types.String `tfsdk:"name"`
}

func (m *certificateData) Fields() []field.Field { return []field.Field{field.String("name", &m.Name)} }
