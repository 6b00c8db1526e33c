// Package record says what a remote object is, what a write asks for, what an answer proves, and what a store of such
// objects can do. It knows neither HTTP nor Terraform.
package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Record is one remote object: a row of a ServiceNow table or a Kibana connector.
type Record struct {
	// ID is the sys_id (32 hex digits) or the connector's id. On create it is a wish; empty lets the store choose.
	ID string
	// Revision moves with each write: sys_mod_count, or the version of a case configuration. Empty when unknown.
	Revision string
	// Columns are asked for in answers.
	Columns []string
	// Key names the columns that together tell this record from others of its kind: its natural key.
	Key []string
	// LookedUp tells a create that the caller has made sure that no record has this natural key.
	LookedUp bool
	// Values holds string, bool, int64, map[string]any, []any, or nil for "empty", by column.
	Values map[string]any
	// Secrets are sent and never read back, by column.
	Secrets map[string]Secret
	// Options are settings of the store itself that no column holds, by attribute name.
	Options map[string]bool
	// SecretsSent tells, in an answer, that the call sent the secrets.
	SecretsSent bool
	// Warnings tell what a store did beside what it was asked for.
	Warnings []string
}

// Secret is a value that is sent and never read back. However it is printed, it shows no more than its presence.
type Secret struct {
	Value string
	// Moved tells that the server does not hold Value yet.
	Moved bool
}

// Format keeps the value out of every fmt verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// MarshalJSON keeps the value out of JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

// Store keeps records of one kind. Every method answers with what the server said, never with what was sent.
//
// A record answered together with an error is what exists although the call failed: it must be kept.
// An update sends what has to be sent for this kind of server; it gets both the last known record and the wanted one.
type Store interface {
	Create(ctx context.Context, want Record) (Record, error)
	// Read fails with ErrNotFound when the record is gone and with ErrHidden when it exists but may not be seen.
	Read(ctx context.Context, have Record) (Record, error)
	Update(ctx context.Context, have, want Record) (Record, error)
	// Delete succeeds when the record is gone already. The warnings tell what it left behind.
	Delete(ctx context.Context, have Record) (warnings []string, err error)
}

// Finder is a Store whose records can be looked up by the values of some columns.
type Finder interface {
	// Find answers with the records whose columns hold exactly these values, at most limit of them.
	Find(ctx context.Context, match map[string]string, columns []string, limit int) ([]Record, error)
}

// ErrHidden tells that a record exists, but access control keeps it from the caller. It is never "gone".
var ErrHidden = errors.New("the record exists, but the account may not read it")

// ExistsError tells that a record with the wanted natural key is there already.
type ExistsError struct {
	// IDs of the records found, at least one.
	IDs []string
	// Key describes the natural key, as `name = "Elastic"`.
	Key string
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("a record with %s exists already: %s", e.Key, strings.Join(e.IDs, ", "))
}

// Changes returns with the values of want that differ from have, and the secrets that moved.
func Changes(have, want Record) (map[string]any, map[string]Secret) {
	values, secrets := map[string]any{}, map[string]Secret{}
	for column, value := range want.Values {
		if known, ok := have.Values[column]; !ok || Text(known) != Text(value) {
			values[column] = value
		}
	}
	for column, secret := range want.Secrets {
		if secret.Moved {
			secrets[column] = secret
		}
	}
	return values, secrets
}

// KeyOf returns the values of the natural key; nil when one of them is unknown or empty.
func KeyOf(r Record) map[string]string {
	match := map[string]string{}
	for _, column := range r.Key {
		value := Text(r.Values[column])
		if value == "" {
			return nil
		}
		match[column] = value
	}
	return match
}

// DescribeKey prints a natural key in a stable order.
func DescribeKey(match map[string]string) string {
	parts := make([]string, 0, len(match))
	for column, value := range match {
		parts = append(parts, fmt.Sprintf("%s = %q", column, value))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// Plaintexts lists what no error about a request may repeat.
func Plaintexts(secrets map[string]Secret) []string {
	all := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		all = append(all, secret.Value)
	}
	return all
}

var (
	// ErrNotFound matches an *Error in which the server itself, not a proxy or a sign-in page before it, answered 404
	// in its own error envelope. ServiceNow gives the same answer for a record that an ACL hides.
	ErrNotFound = errors.New("not found")

	// ErrOutcomeUnknown matches the failure of a request that must not be repeated blindly (a POST) and that the
	// server may or may not have carried out: its answer was lost, or a gateway gave up waiting for it.
	ErrOutcomeUnknown = errors.New("the server may or may not have carried out the request")
)

// TimeLayout is how ServiceNow stores times, in UTC. It cuts ISO-8601 to midnight.
const TimeLayout = "2006-01-02 15:04:05"

// Text gives a value as ServiceNow stores it: every scalar is a string, and empty is "".
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
	case map[string]any:
		// A reference or sys_domain: {"link":…,"value":…}.
		if inner, ok := v["value"]; ok {
			return Text(inner)
		}
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

// Covers tells whether a JSON value holds all of another one: objects may have further keys, and a key that is null is
// as good as absent.
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

// plainJSON gives a value the types that decoding gives it, numbers as numbers whatever they were written as.
func plainJSON(value any) any {
	data, err := json.Marshal(value)
	var plain any
	if err != nil || json.Unmarshal(data, &plain) != nil {
		return value
	}
	return plain
}

// SnapshotLife is how long a list may serve reads.
const SnapshotLife = 30 * time.Second

// MaxResends bounds how often a create whose answer was lost is sent again.
const MaxResends = 3
