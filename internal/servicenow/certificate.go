package servicenow

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// NewCertificate manages an X.509 certificate (sys_certificate).
var NewCertificate = lifecycle.New[certificate](lifecycle.Definition{
	Type:  "certificate",
	Table: "sys_certificate",
	Key:   []string{"name"},
	Description: "An X.509 certificate (`sys_certificate`, *System Definition > Certificates*), for example of the key " +
		"that signs JWTs for an OAuth JWT endpoint. Needs the role `admin`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The certificate's name."},
		"pem_certificate": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "The certificate as PEM text. Certificates are compared by content, so line breaks never " +
				"show as a change. A private key here is refused.",
		},
		"type": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("trust_store_cert"),
			MarkdownDescription: "The kind of entry. Instances differ, so any text is sent; `trust_store_cert`, `key_store` " +
				"and `pkcs12_key_store` have been seen. Default: `trust_store_cert`.",
		},
		"format": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The encoding, as `PEM`. Sent only when set. Default: the instance's.",
		},
		"short_description": schema.StringAttribute{Optional: true, MarkdownDescription: "What the certificate is for."},
		"active": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the certificate is used. Default: `true`.",
		},
		"expiration_notification": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether the instance warns before the certificate expires. Default: the instance's.",
		},
		"warn_in_days_to_expire": schema.Int64Attribute{
			Optional: true, Computed: true, Validators: []validator.Int64{int64validator.AtLeast(0)},
			MarkdownDescription: "How many days before it expires the instance warns; Terraform's plan warns then, too. " +
				"Instances raise values below `20`. Default: the instance's.",
		},
		"notify_user_ids": schema.SetAttribute{
			Optional: true, Computed: true, ElementType: types.StringType,
			Validators: []validator.Set{setvalidator.ValueStringsAre(lifecycle.SysID())},
			MarkdownDescription: "The users whom the instance warns, as `sys_id`s. Default: the ones that the instance fills " +
				"in.",
		},
		"notify_group_ids": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			Validators:          []validator.Set{setvalidator.ValueStringsAre(lifecycle.SysID())},
			MarkdownDescription: "The groups whom the instance warns, as `sys_id`s.",
		},
		"issuer": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Who issued it, such as `CN=ca,O=Example` (RFC 4514).",
		},
		"subject": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Whom it is for (RFC 4514).",
		},
		"serial_number": schema.StringAttribute{
			Computed: true, MarkdownDescription: "The serial number, decimal.",
		},
		"valid_from": schema.StringAttribute{
			Computed: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "When it becomes valid, RFC 3339.",
		},
		"expires_at": schema.StringAttribute{
			Computed: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "When it expires, RFC 3339.",
		},
		"fingerprint_sha256": schema.StringAttribute{
			Computed: true, MarkdownDescription: "The SHA-256 of the certificate's DER bytes, as 64 hex digits.",
		},
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
	return append(m.derived(),
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

const pemColumn = "pem_certificate"

// derived are the attributes that the certificate itself decides. They are read from it, so that the plan knows them
// and every instance spells them alike; where the record holds no certificate, as key stores do, the instance's own
// count.
func (m *certificate) derived() []field.Field {
	text := func(column string, p *types.String, read func(*x509.Certificate) string) field.Field {
		f := field.Derived(pemColumn, p, func(pem string) string {
			if cert, err := pemkey.ParseCertificate(pem); err == nil {
				return read(cert)
			}
			return ""
		})
		if column != "" {
			f = field.Either(f, field.String(column, p))
		}
		return field.MovesWith(f, &m.PEMCertificate)
	}
	moment := func(column string, p *timetypes.RFC3339, read func(*x509.Certificate) time.Time) field.Field {
		f := field.DerivedTime(pemColumn, p, func(pem string) time.Time {
			if cert, err := pemkey.ParseCertificate(pem); err == nil {
				return read(cert)
			}
			return time.Time{}
		})
		return field.MovesWith(field.Either(f, field.Time(column, p)), &m.PEMCertificate)
	}
	return []field.Field{
		text("issuer", &m.Issuer, func(c *x509.Certificate) string { return c.Issuer.String() }),
		text("subject", &m.Subject, func(c *x509.Certificate) string { return c.Subject.String() }),
		text("serial_number", &m.SerialNumber, func(c *x509.Certificate) string { return c.SerialNumber.String() }),
		moment("valid_from", &m.ValidFrom, func(c *x509.Certificate) time.Time { return c.NotBefore }),
		moment("expires", &m.ExpiresAt, func(c *x509.Certificate) time.Time { return c.NotAfter }),
		text("", &m.FingerprintSHA256, func(c *x509.Certificate) string {
			sum := sha256.Sum256(c.Raw)
			return hex.EncodeToString(sum[:])
		}),
	}
}

// Plan fills in what the certificate decides.
func (m *certificate) Plan(_ context.Context, _ *lifecycle.Servers, _ []string, _ *lifecycle.Report) {
	text := m.PEMCertificate.ValueString()
	if _, err := pemkey.ParseCertificate(text); err != nil {
		return
	}
	for _, f := range m.derived() {
		if f.Value().IsUnknown() {
			_ = f.Decode(record.Record{Values: map[string]any{pemColumn: text}}) // it parses
		}
	}
}

func (m *certificate) Check(_ context.Context, report *lifecycle.Report) {
	text := m.PEMCertificate.ValueString()
	if text == "" || m.Type.ValueString() == "pkcs12_key_store" || m.Type.ValueString() == "key_store" {
		return
	}
	cert, err := pemkey.ParseCertificate(text)
	switch {
	case err != nil && strings.Contains(text, "PRIVATE KEY"):
		// Not on the attribute: Terraform would print the lines, and with them the key.
		report.Error(nil, "A private key where a certificate belongs", "pem_certificate of servicenow_certificate "+
			m.Name.String()+" holds a private key. Never upload it: give the certificate that was made with it "+
			"(-----BEGIN CERTIFICATE-----), and treat the key as exposed if it was committed.")
	case err != nil:
		report.Error(&m.PEMCertificate, "Not a certificate", "pem_certificate "+err.Error()+".")
	default:
		m.checkExpiry(cert.NotAfter, report)
	}
}

func (m *certificate) checkExpiry(end time.Time, report *lifecycle.Report) {
	left := time.Until(end)
	days := m.WarnInDaysToExpire.ValueInt64()
	switch {
	case left <= 0:
		report.Warn(&m.PEMCertificate, "An expired certificate", "It was valid until "+end.UTC().Format(time.RFC3339)+
			". What it verifies is refused from then on.")
	case left < time.Duration(days)*24*time.Hour:
		report.Warn(&m.PEMCertificate, "A certificate that expires soon", fmt.Sprintf("It is valid until %s, which is less "+
			"than warn_in_days_to_expire = %d days away.", end.UTC().Format(time.RFC3339), days))
	}
}
