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
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

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
			m.Name.String()+" holds a private key. Never upload it: use the certificate that was made with it "+
			"(-----BEGIN CERTIFICATE-----), and treat the key as exposed if it was committed.")
	case err != nil:
		report.Error(&m.PEMCertificate, "Not a certificate", "pem_certificate: "+err.Error()+".")
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
