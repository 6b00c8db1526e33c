// Package record says what a remote object is, what a write asks for, what an answer proves, and what a store of such
// objects can do. It knows neither HTTP nor Terraform.
package record

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Record is one remote object: a row of a ServiceNow table, a Kibana connector, the case settings of an owner.
type Record struct {
	// ID is the sys_id (32 hex digits) or the id in Kibana. In a create it is a wish; empty lets the store choose.
	ID string
	// Revision moves with each write: sys_mod_count, or the version of a case configuration. Empty when unknown.
	Revision string
	// Scope is the sys_id of the application scope, or "global"; empty when unknown or where there is none.
	Scope string
	// Space is the Kibana space; empty stands for the connection's own.
	Space string
	// Table is the row's table, for stores that serve every table.
	Table string
	// Values holds string, bool, int64, []string, map[string]any, []any, or nil for "empty", by column. A key of a JSON
	// column is named by its path, such as config.apiUrl.
	Values map[string]any
	// Found is what an adopted record held before it was taken over, by column; nil for one that a create made.
	Found map[string]string
	// Remembered is what a store wants to be told again about this record, under names of its own. It must hold no secret.
	Remembered map[string]string
}

// Text is a value of a column as ServiceNow stores it; "" when the record does not hold it.
func (r Record) Text(column string) string { return Text(r.Values[column]) }

// Write is what a create or an update asks for.
type Write struct {
	Record
	// Columns are asked for in the answer.
	Columns []string
	// Key names the columns that together tell this record from others of its kind: its natural key.
	Key []string
	// Secrets are sent and never read back, by column.
	Secrets map[string]Secret
	// Defaulted means that the provider chose Scope, so that a create may do without it where the server refuses it.
	Defaulted bool
	// LookedUp means that the caller has made sure that no record has this natural key.
	LookedUp bool
	Options
}

// Options are settings of the stores themselves, which no column holds.
type Options struct {
	// AdoptExisting takes a record of the same natural key over instead of refusing to create a second one.
	AdoptExisting bool
	// AllowLockout permits a write that shuts out the provider's own login.
	AllowLockout bool
	// UpgradeBaseApplication lets the installation of an application upgrade the one that it stands on.
	UpgradeBaseApplication bool
}

// Answer is what came of a call.
type Answer struct {
	Record
	// KeptSecrets names the columns of the secrets whose own write was answered.
	KeptSecrets []string
	// LostSecrets names the columns of secrets that a read found missing on the server.
	LostSecrets []string
	// Warnings say what a store did or found beside what it was asked for.
	Warnings []string
}

// Secret is a value that is sent and never read back. However it is printed, it shows no more than its presence.
type Secret struct {
	Value string
	// Send means that the server does not hold Value yet. A store that replaces whole objects sends the others too.
	Send bool
}

// Format keeps the value out of every fmt verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// MarshalJSON keeps the value out of JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

// ChangedValues returns the values of want that differ from have.
func ChangedValues(have, want Record) map[string]any {
	values := map[string]any{}
	for column, value := range want.Values {
		if known, ok := have.Values[column]; !ok || !Equal(known, value) {
			values[column] = value
		}
	}
	return values
}

// SecretsToSend returns the secrets that the server does not hold yet.
func (w Write) SecretsToSend() map[string]Secret {
	secrets := map[string]Secret{}
	for column, secret := range w.Secrets {
		if secret.Send {
			secrets[column] = secret
		}
	}
	return secrets
}

// KeyValues returns the values of the natural key by column; nil when one of them is unknown or empty.
func (w Write) KeyValues() map[string]string {
	if len(w.Key) == 0 {
		return nil
	}
	match := map[string]string{}
	for _, column := range w.Key {
		value := w.Text(column)
		if value == "" {
			return nil
		}
		match[column] = value
	}
	return match
}

// DescribeKey prints a natural key in a stable order, such as `name = "Elastic"`.
func DescribeKey(match map[string]string) string {
	parts := make([]string, 0, len(match))
	for column, value := range match {
		parts = append(parts, fmt.Sprintf("%s = %q", column, value))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// Plaintexts lists what no text about a request may repeat.
func Plaintexts(secrets map[string]Secret) []string {
	all := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		all = append(all, secret.Value)
	}
	return all
}

// TimeLayout is how ServiceNow stores times, in UTC. It cuts ISO-8601 to midnight.
const TimeLayout = "2006-01-02 15:04:05"

// Text returns a scalar as the text that ServiceNow stores, "" for none, and anything else as JSON.
func Text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case json.Number:
		return v.String()
	case []string:
		return strings.Join(v, ",")
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

// Equal compares two values of a column: scalars by their texts, since one server writes true and the other "true", and
// JSON by what it means.
func Equal(a, b any) bool {
	if isJSON(a) || isJSON(b) {
		return reflect.DeepEqual(plainJSON(a), plainJSON(b))
	}
	return Text(a) == Text(b)
}

func isJSON(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// Covers reports whether a JSON value holds all of another one: objects may have further keys, and a key that is null
// is as good as absent.
func Covers(whole, part any) bool {
	keys, ok := part.(map[string]any)
	if !ok {
		return reflect.DeepEqual(plainJSON(whole), plainJSON(part))
	}
	object, ok := whole.(map[string]any)
	if !ok {
		return false
	}
	for key, value := range keys {
		if value != nil && !Covers(object[key], value) {
			return false
		}
	}
	return true
}

// plainJSON returns a value the types that decoding gives it, numbers as numbers whatever they were written as.
func plainJSON(value any) any {
	data, err := json.Marshal(value)
	var plain any
	if err != nil || json.Unmarshal(data, &plain) != nil {
		return value
	}
	return plain
}
