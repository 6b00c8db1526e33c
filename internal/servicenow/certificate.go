package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewCertificate manages an X.509 certificate (sys_certificate).
var NewCertificate = lifecycle.New[certificate](lifecycle.Definition{
	Type:  "certificate",
	Table: "sys_certificate",
	Key:   []string{"name"},
	Needs: lifecycle.Needs{
		Roles: lifecycle.AdminOnly,
		Newer: map[string]string{
			"serial_number":           lifecycle.SomeInstances,
			"notify_groups":           lifecycle.SomeInstances,
			"expiration_notification": lifecycle.SomeInstances,
		},
		Choices: map[string][]string{"type": {"trust_store_cert"}},
	},
	Description: "An X.509 certificate (`sys_certificate`, *System Definition > Certificates*), for example of the key " +
		"that signs JWTs for an OAuth JWT endpoint.",
	Attributes: attribute.Schema{
		"name": attribute.RequiredText("The certificate's name."),
		"pem_certificate": attribute.RequiredText("The certificate as PEM text. Certificates are compared by content, so " +
			"line breaks never show as a change. A private key here is refused."),
		"type": attribute.TextOr("trust_store_cert", "The kind of entry. Instances differ, so any text is sent; "+
			"`trust_store_cert`, `key_store` and `pkcs12_key_store` have been seen."),
		"format":            attribute.ServerText("The encoding, such as `PEM`. Default: not sent, so the instance's."),
		"short_description": attribute.Text("What the certificate is for."),
		"active":            attribute.Active("Whether the certificate is used."),
		"expiration_notification": attribute.ServerFlag("Whether the instance warns before the certificate expires. " +
			"Default: the instance's."),
		"warn_in_days_to_expire": attribute.ServerInt("How many days before the certificate expires the instance warns; "+
			"Terraform's plan warns then, too. Instances raise values below `20`. Default: the instance's.",
			attribute.AtLeast(0)),
		"notify_user_ids": attribute.ServerReferences("The users that the instance warns, as `sys_id`s. Default: the ones " +
			"that the instance fills in."),
		"notify_group_ids":   attribute.References("The groups that the instance warns, as `sys_id`s."),
		"issuer":             attribute.ComputedText("Who issued it, such as `CN=ca,O=Example` (RFC 4514)."),
		"subject":            attribute.ComputedText("Whom it was issued to (RFC 4514)."),
		"serial_number":      attribute.ComputedText("The serial number, decimal."),
		"valid_from":         attribute.ComputedTime("When it becomes valid, RFC 3339."),
		"expires_at":         attribute.ComputedTime("When it expires, RFC 3339."),
		"fingerprint_sha256": attribute.ComputedText("The SHA-256 of the certificate's DER bytes, as 64 hex digits."),
	},
})

type certificate struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	Name                   types.String      `tfsdk:"name"`
	PEMCertificate         types.String      `tfsdk:"pem_certificate"`
	Type                   types.String      `tfsdk:"type"`
	Format                 types.String      `tfsdk:"format"`
	ShortDescription       types.String      `tfsdk:"short_description"`
	Active                 types.Bool        `tfsdk:"active"`
	ExpirationNotification types.Bool        `tfsdk:"expiration_notification"`
	WarnInDaysToExpire     types.Int64       `tfsdk:"warn_in_days_to_expire"`
	NotifyUserIDs          types.Set         `tfsdk:"notify_user_ids"`
	NotifyGroupIDs         types.Set         `tfsdk:"notify_group_ids"`
	Issuer                 types.String      `tfsdk:"issuer"`
	Subject                types.String      `tfsdk:"subject"`
	SerialNumber           types.String      `tfsdk:"serial_number"`
	ValidFrom              timetypes.RFC3339 `tfsdk:"valid_from"`
	ExpiresAt              timetypes.RFC3339 `tfsdk:"expires_at"`
	FingerprintSHA256      types.String      `tfsdk:"fingerprint_sha256"`
}

func (m *certificate) Fields() []field.Field {
	return append(m.contents(),
		field.String("name", &m.Name),
		field.PEM(pemColumn, &m.PEMCertificate),
		field.String("type", &m.Type),
		field.String("format", &m.Format),
		field.String("short_description", &m.ShortDescription),
		field.Bool("active", &m.Active),
		field.Bool("expiration_notification", &m.ExpirationNotification),
		field.Int("warn_in_days_to_expire", &m.WarnInDaysToExpire),
		field.Reference(field.Set("notify_on_expiration", &m.NotifyUserIDs), "sys_user"),
		field.Reference(field.Set("notify_groups", &m.NotifyGroupIDs), "sys_user_group"),
	)
}
