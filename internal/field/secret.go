package field

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// writeOnly carries what secrets share: they travel apart from values, and are null in every plan and state.
type writeOnly struct{}

// Columns is empty: a secret is never asked for.
func (writeOnly) Columns() []string { return nil }

// Encode does nothing: secrets travel apart from values.
func (writeOnly) Encode(*record.Write) {}

// Decode leaves the attribute null, as write-only attributes are in state.
func (writeOnly) Decode(record.Record) error { return nil }

// Assign does nothing: a secret is null in every plan and state.
func (writeOnly) Assign(Field) {}

// Same is always true: whether a secret moved is not told by values.
func (writeOnly) Same(Field) bool { return true }

// SecretField binds a write-only attribute: sent from the configuration, never read, never stored.
type SecretField struct {
	plain[types.String]
	writeOnly
	column string
	// Version points at the attribute whose change sends the secret again; nil when there is none.
	Version *types.Int64
	// Required reports that a create, and an update that sends secrets, cannot do without it.
	Required bool
	// NeededByUpdate reports that no update can do without it, since an update replaces the whole object.
	NeededByUpdate bool
}

// Secret binds a write-only attribute. With a version set, only a change of the version sends it again.
func Secret(column string, p *types.String, version *types.Int64) SecretField {
	return SecretField{plain: plain[types.String]{p}, column: column, Version: version}
}

// RequiredSecret binds a write-only attribute that no create can do without.
func RequiredSecret(column string, p *types.String, version *types.Int64) SecretField {
	return SecretField{plain: plain[types.String]{p}, column: column, Version: version, Required: true}
}

// Column is where the secret is sent.
func (f SecretField) Column() string { return f.column }

// Plaintext is the configured secret.
func (f SecretField) Plaintext() types.String { return *f.p }

// Shapes are those of the column that the secret is sent in.
func (f SecretField) Shapes() map[string]Shape { return map[string]Shape{f.column: Sealed} }
