package servicenow

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

const pemColumn = "pem_certificate"

// content binds a computed attribute that the certificate itself decides. It is read from the certificate, so that the
// plan knows it and every instance spells it alike; where the record holds no certificate, as key stores do, the
// instance's own column counts.
type content struct {
	field.Field // the instance's own column
	own         bool
	read        func(*x509.Certificate) string // as the column would hold it
}

func (f content) Columns() []string {
	if !f.own {
		return []string{pemColumn}
	}
	return append([]string{pemColumn}, f.Field.Columns()...)
}

func (f content) Assign(from field.Field)  { f.Field.Assign(field.Same[content](from).Field) }
func (f content) Same(as field.Field) bool { return f.Field.Same(field.Same[content](as).Field) }

func (f content) Shapes() map[string]field.Shape {
	shapes := map[string]field.Shape{pemColumn: field.Text}
	if f.own {
		maps.Copy(shapes, field.Shapes(f.Field))
	}
	return shapes
}

func (f content) Decode(from record.Record) error {
	_, answered := from.Values[pemColumn]
	if !answered && !f.Value().IsNull() && !f.Value().IsUnknown() {
		return nil
	}
	column := f.Field.Columns()[0]
	if cert, err := pemkey.ParseCertificate(from.Text(pemColumn)); err == nil {
		from.Values = map[string]any{column: f.read(cert)}
	} else if !f.own {
		from.Values = map[string]any{column: nil}
	}
	return f.Field.Decode(from)
}

func (m *certificate) contents() []field.Field {
	bind := func(own field.Field, read func(*x509.Certificate) string) field.Field {
		return field.MovesWith(field.Computed(content{own, true, read}), &m.PEMCertificate)
	}
	return []field.Field{
		bind(field.String("issuer", &m.Issuer), func(c *x509.Certificate) string { return c.Issuer.String() }),
		bind(field.String("subject", &m.Subject), func(c *x509.Certificate) string { return c.Subject.String() }),
		bind(field.String("serial_number", &m.SerialNumber), func(c *x509.Certificate) string {
			return c.SerialNumber.String()
		}),
		bind(field.Time("valid_from", &m.ValidFrom), func(c *x509.Certificate) string {
			return c.NotBefore.UTC().Format(record.TimeLayout)
		}),
		bind(field.Time("expires", &m.ExpiresAt), func(c *x509.Certificate) string {
			return c.NotAfter.UTC().Format(record.TimeLayout)
		}),
		field.MovesWith(field.Computed(content{
			field.String("fingerprint", &m.FingerprintSHA256), false, func(c *x509.Certificate) string {
				sum := sha256.Sum256(c.Raw)
				return hex.EncodeToString(sum[:])
			},
		}), &m.PEMCertificate),
	}
}

// Plan fills in what the certificate decides.
func (m *certificate) Plan(_ context.Context, _ *lifecycle.Servers, _ []string, _ *lifecycle.Report) {
	text := m.PEMCertificate.ValueString()
	if _, err := pemkey.ParseCertificate(text); err != nil {
		return
	}
	for _, f := range m.contents() {
		if f.Value().IsUnknown() {
			_ = f.Decode(record.Record{Values: map[string]any{pemColumn: text}}) // it parses
		}
	}
}

func (m *certificate) Check(_ context.Context, report *lifecycle.Report) {
	text := m.PEMCertificate.ValueString()
	keyStore := m.Type.ValueString() == "pkcs12_key_store" || m.Type.ValueString() == "key_store"
	cert, err := pemkey.ParseCertificate(text)
	switch {
	case strings.Contains(text, "PRIVATE KEY"):
		// Not on the attribute: Terraform would print the lines, and with them the key.
		report.Error(nil, "A private key where a certificate belongs", "pem_certificate of servicenow_certificate "+
			m.Name.String()+" holds a private key. Never upload it: use the certificate that was made with it "+
			"(-----BEGIN CERTIFICATE-----), and treat the key as exposed if it was committed.")
	case text == "", keyStore:
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
