package field

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/client"
)

// SecretMapField binds a write-only map from column to secret: sent from the configuration, never read, never stored.
type SecretMapField struct {
	plain[types.Map]
	prefix string
	// Version points at the attribute whose change sends the secrets again.
	Version *types.Int64
}

// SecretMap binds a write-only map. Its entries are sent as columns named prefix and key.
func SecretMap(prefix string, p *types.Map, version *types.Int64) SecretMapField {
	return SecretMapField{plain[types.Map]{p}, prefix, version}
}

// Entries are the configured secrets, by column.
func (f SecretMapField) Entries() map[string]types.String {
	entries := map[string]types.String{}
	for key, value := range f.p.Elements() {
		if s, ok := value.(types.String); ok {
			entries[f.prefix+key] = s
		}
	}
	return entries
}

// Prefix stands before each key in a column's name.
func (f SecretMapField) Prefix() string { return f.prefix }

// Columns is empty: a secret is never asked for.
func (f SecretMapField) Columns() []string { return nil }

// Encode does nothing: secrets travel apart from values.
func (f SecretMapField) Encode(*client.Record) {}

// Decode leaves the attribute null, as write-only attributes are in state.
func (f SecretMapField) Decode(client.Record) error { return nil }

// Assign does nothing: a secret is null in every plan and state.
func (f SecretMapField) Assign(Field) {}

// Same is always true: whether a secret moved is not told by values.
func (f SecretMapField) Same(Field) bool { return true }
