package lifecycle

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// SecretChangeDetection says how a changed secret without a version is noticed.
type SecretChangeDetection string

// The ways: by a digest in private state, or not at all.
const (
	DetectByDigest  SecretChangeDetection = "digest"
	DetectByVersion SecretChangeDetection = "version"
)

// secret is one write-only value as configured.
type secret struct {
	at      path.Path
	of      path.Path // the attribute: at, or the map that at is an entry of
	column  string    // empty for a map that stands for its entries
	value   types.String
	version types.Int64
	// required holds for every write that sends secrets, neededByUpdate for every update.
	required, neededByUpdate bool
}

// secretSet holds a resource's secrets.
type secretSet []secret

func secretsIn[T any, M Model[T]](config M) secretSet {
	var set secretSet
	for _, leaf := range leavesOf[T](config) {
		if entries, ok := field.As[field.SecretMapField](leaf.Field); ok {
			set = append(set, entriesOf(leaf.Path, entries)...)
			continue
		}
		f, ok := field.As[field.SecretField](leaf.Field)
		if !ok {
			continue
		}
		s := secret{
			at: leaf.Path, of: leaf.Path, column: f.Column(), value: f.Plaintext(), version: types.Int64Null(),
			neededByUpdate: f.NeededByUpdate,
		}
		s.required = f.Required && (leaf.Parent == nil || !leaf.Parent.Value().IsNull() && !leaf.Parent.Value().IsUnknown())
		if f.Version != nil {
			s.version = *f.Version
		}
		set = append(set, s)
	}
	return set
}

// entriesOf lists the secrets of a write-only map. One without a column stands for the map where it is unknown.
func entriesOf(at path.Path, f field.SecretMapField) secretSet {
	if f.Value().IsUnknown() {
		return secretSet{{at: at, of: at, value: types.StringUnknown(), version: *f.Version}}
	}
	var set secretSet
	entries := f.Entries()
	for _, column := range slices.Sorted(maps.Keys(entries)) {
		set = append(set, secret{
			at: at.AtMapKey(strings.TrimPrefix(column, f.Prefix())), of: at, column: column, value: entries[column],
			version: *f.Version,
		})
	}
	return set
}

// secretDecision is what becomes of one secret in a write.
type secretDecision int

// The decisions.
const (
	keepSecret      secretDecision = iota // the server holds it, or nothing is configured
	sendSecret                            // the server does not hold it
	undecidedSecret                       // known only at apply
)

// sentSecret is what private state keeps of a secret whose own write was answered.
type sentSecret struct {
	// Version is the one it was sent with; nil for none.
	Version *int64 `json:"version,omitempty"`
	// Digest of a secret without a version. See digests.
	Digest []byte `json:"digest,omitempty"`
	// Entry says that it is an entry of a write-only map, which no state holds.
	Entry bool `json:"entry,omitempty"`
}

// sentSecrets is what private state keeps of a resource's secrets. It is there from the first write on, so that a
// resource without it was imported and never written.
type sentSecrets struct {
	Salt     []byte                `json:"salt,omitempty"`
	Hash     hashParameters        `json:"hash,omitzero"`
	ByColumn map[string]sentSecret `json:"secrets"`
}

// secretContext is what, besides a secret itself, decides what becomes of it.
type secretContext struct {
	creating  bool
	id        string       // of the resource, which its digests depend on
	sent      *sentSecrets // nil when the resource was never written from here
	missing   bool         // the server says that it has lost its secrets
	detection SecretChangeDetection
}

// secretDecisions is the one decision about a resource's secrets, the same at plan and at apply.
type secretDecisions struct {
	set       secretSet
	decisions []secretDecision // by index of set
	cleared   []string         // columns of write-only maps that were sent once and are not configured any more
}

func (set secretSet) decide(c secretContext) secretDecisions {
	d := secretDecisions{set: set, decisions: make([]secretDecision, len(set))}
	for i, s := range set {
		d.decisions[i] = c.decide(s)
	}
	if c.creating || c.sent == nil {
		return d
	}
	for _, column := range slices.Sorted(maps.Keys(c.sent.ByColumn)) {
		configured := func(s secret) bool {
			return s.column == column && !s.value.IsNull() || s.column == "" && s.value.IsUnknown()
		}
		if c.sent.ByColumn[column].Entry && !slices.ContainsFunc(set, configured) {
			d.cleared = append(d.cleared, column)
		}
	}
	return d
}

func (c secretContext) decide(s secret) secretDecision {
	if s.value.IsNull() {
		return keepSecret
	}
	send := sendSecret
	if s.value.IsUnknown() {
		send = undecidedSecret
	}
	var sent sentSecret
	known := false
	if c.sent != nil {
		sent, known = c.sent.ByColumn[s.column]
	}
	switch {
	case c.creating || c.missing:
		return send
	case s.version.IsUnknown():
		return undecidedSecret
	case s.version.IsNull() && c.detection == DetectByVersion && (!known || sent.Version == nil):
		return keepSecret // only a create sends it
	case !known:
		return send
	case s.version.IsNull() && sent.Version == nil:
		if send == sendSecret && c.sent.holds(c.id, s, sent) {
			return keepSecret
		}
		return send
	case sent.Version != nil && *sent.Version == s.version.ValueInt64() && !s.version.IsNull():
		return keepSecret
	}
	return send
}

// holds reports whether a digest is that of a secret.
func (sent *sentSecrets) holds(id string, s secret, was sentSecret) bool {
	return len(was.Digest) > 0 && digests.equal(was.Digest, sent.Salt, sent.Hash, s.value.ValueString(), id, s.column)
}

// forget drops what is known of secrets that the server has lost, so that they are sent again.
func (sent *sentSecrets) forget(columns []string) (changed bool) {
	for _, column := range columns {
		if sent == nil {
			return false
		}
		if _, known := sent.ByColumn[column]; known {
			delete(sent.ByColumn, column)
			changed = true
		}
	}
	return changed
}

// sends reports whether a write sends or clears a secret, as far as is known.
func (d secretDecisions) sends() bool {
	return len(d.cleared) > 0 || slices.Contains(d.decisions, sendSecret)
}

// moves reports whether a write may change a secret on the server.
func (d secretDecisions) moves() bool {
	return d.sends() || slices.Contains(d.decisions, undecidedSecret)
}

// names lists the secrets that are going to be sent.
func (d secretDecisions) names() []string {
	var names []string
	for i, s := range d.set {
		if d.decisions[i] != keepSecret {
			names = append(names, s.at.String())
		}
	}
	return names
}

// write is what a store gets.
func (d secretDecisions) write() map[string]record.Secret {
	secrets := map[string]record.Secret{}
	for i, s := range d.set {
		if s.column != "" && !s.value.IsNull() && !s.value.IsUnknown() {
			secrets[s.column] = record.Secret{Value: s.value.ValueString(), Send: d.decisions[i] == sendSecret}
		}
	}
	for _, column := range d.cleared {
		secrets[column] = record.Secret{Send: true} // empty: clears the column
	}
	return secrets
}

// kept reports whether the server took a secret that it did not hold before, or cleared one.
func (d secretDecisions) kept(columns []string) bool {
	for i, s := range d.set {
		if d.decisions[i] == sendSecret && slices.Contains(columns, s.column) {
			return true
		}
	}
	return slices.ContainsFunc(d.cleared, func(column string) bool { return slices.Contains(columns, column) })
}

// remember notes the secrets whose own write was answered. before may be nil.
func (d secretDecisions) remember(before *sentSecrets, id string, columns []string, c secretContext) *sentSecrets {
	now := &sentSecrets{ByColumn: map[string]sentSecret{}}
	if before != nil {
		now.Salt, now.Hash = before.Salt, before.Hash
		maps.Copy(now.ByColumn, before.ByColumn)
	}
	for _, column := range d.cleared {
		if slices.Contains(columns, column) {
			delete(now.ByColumn, column)
		}
	}
	for _, s := range d.set {
		if s.at.Equal(s.of) && s.value.IsNull() && s.version.IsNull() && now.ByColumn[s.column].Version != nil {
			// Whoever configures the secret again may count its versions from the start.
			delete(now.ByColumn, s.column)
		}
		if s.value.IsNull() || s.value.IsUnknown() || !slices.Contains(columns, s.column) {
			continue
		}
		sent := sentSecret{Entry: !s.at.Equal(s.of)}
		switch {
		case !s.version.IsNull():
			version := s.version.ValueInt64()
			sent.Version = &version
		case c.detection != DetectByVersion:
			if len(now.Salt) == 0 {
				now.Salt, now.Hash = digests.sharedSalt(), currentHash
			}
			sent.Digest = digests.digest(now.Salt, now.Hash, s.value.ValueString(), id, s.column)
		}
		now.ByColumn[s.column] = sent
	}
	if c.detection == DetectByVersion {
		now.dropDigests()
	}
	return now
}

// dropDigests forgets all that is derived from a secret.
func (sent *sentSecrets) dropDigests() (changed bool) {
	if sent == nil || len(sent.Salt) == 0 {
		return false
	}
	sent.Salt, sent.Hash = nil, hashParameters{}
	for column, s := range sent.ByColumn {
		s.Digest = nil
		sent.ByColumn[column] = s
	}
	return true
}

// entryColumns lists the columns of write-only maps that are configured.
func (set secretSet) entryColumns() []string {
	var columns []string
	for _, s := range set {
		if !s.at.Equal(s.of) && !s.value.IsNull() {
			columns = append(columns, s.column)
		}
	}
	return columns
}

// none reports that no secret is configured.
func (set secretSet) none() bool {
	return !slices.ContainsFunc(set, func(s secret) bool { return !s.value.IsNull() })
}

// requireSecrets demands what a write cannot do without. The schema leaves every secret optional, so that generated
// configuration validates.
func (set secretSet) require(update bool, diags *diag.Diagnostics) {
	for _, s := range set {
		if (s.required || update && s.neededByUpdate) && s.value.IsNull() {
			addError(diags, s.at, "A secret is missing", "This plan sends "+s.at.String()+" to the server. Set it; "+
				"it is write-only and never stored, so Terraform cannot take it from the state.")
		}
	}
}

// Keys of the private state, which Terraform stores with a resource and shows to nobody.
const (
	revisionKey = "revision"
	importedKey = "imported"
	secretsKey  = "secrets"
	foundKey    = "found"

	rememberedKey = "remembered"
)

type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// getPrivate reads a value of private state; the zero value when it is not there.
func getPrivate[V any](ctx context.Context, private privateReader, key string, diags *diag.Diagnostics) (value V) {
	data, d := private.GetKey(ctx, key)
	diags.Append(d...)
	if len(data) > 0 {
		if err := json.Unmarshal(data, &value); err != nil {
			diags.AddError("Unreadable private state", "The key "+key+" is not what this provider stores there: "+err.Error())
		}
	}
	return value
}

func setPrivate(ctx context.Context, private privateWriter, key string, value any, diags *diag.Diagnostics) {
	data, err := json.Marshal(value)
	if err != nil {
		diags.AddError("Unwritable private state", "The key "+key+": "+err.Error())
		return
	}
	diags.Append(private.SetKey(ctx, key, data)...)
}

// setRemembered stores what a store wants to be told again, if anything.
func setRemembered(ctx context.Context, private privateWriter, remembered map[string]string, diags *diag.Diagnostics) {
	if remembered != nil {
		setPrivate(ctx, private, rememberedKey, remembered, diags)
	}
}

// sentFrom reads what private state holds of the secrets, and shares its salt.
func sentFrom(ctx context.Context, private privateReader, diags *diag.Diagnostics) *sentSecrets {
	sent := getPrivate[*sentSecrets](ctx, private, secretsKey, diags)
	if sent != nil && sent.Hash == currentHash {
		digests.share(sent.Salt)
	}
	return sent
}
