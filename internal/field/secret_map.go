package field

import (
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// SecretMapField binds a write-only map from column to secret: sent from the configuration, never read, never stored.
type SecretMapField struct {
	plain[types.Map]
	writeOnly
	prefix string
	// Version points at the attribute whose change sends the secrets again.
	Version *types.Int64
}

// SecretMap binds a write-only map. Its entries are sent as columns named prefix and key.
func SecretMap(prefix string, p *types.Map, version *types.Int64) SecretMapField {
	return SecretMapField{plain: plain[types.Map]{p}, prefix: prefix, Version: version}
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
