package lifecycle

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/crypto/argon2"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Keys of the private state, which Terraform stores with a resource and shows to nobody.
const (
	revisionKey = "revision"
	importedKey = "imported"
	secretsKey  = "secrets"
)

type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func privateString(ctx context.Context, private privateReader, key string, diags *diag.Diagnostics) string {
	data, d := private.GetKey(ctx, key)
	diags.Append(d...)
	var value string
	if len(data) > 0 {
		if err := json.Unmarshal(data, &value); err != nil {
			diags.AddError("Unreadable private state", "The key "+key+" is no JSON string: "+err.Error())
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

// secret is one write-only attribute as configured.
type secret struct {
	at       path.Path
	of       path.Path // the attribute: at, or the map that at is an entry of
	column   string
	value    types.String
	version  types.Int64
	required bool
	moved    bool
}

// secretSet holds a resource's secrets. Until it is compared with a state, every one of them counts as moved.
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
			at: leaf.Path, of: leaf.Path, column: f.Column(), value: f.Plaintext(), version: types.Int64Null(), moved: true,
		}
		s.required = f.Required && (leaf.Within == nil || !leaf.Within.Value().IsNull() && !leaf.Within.Value().IsUnknown())
		if f.Version != nil {
			s.version = *f.Version
		}
		set = append(set, s)
	}
	return set
}

// entriesOf lists the secrets of a write-only map. One without entries stands for the attribute itself, so that its
// version is known where the map is null, as in every state.
func entriesOf(at path.Path, f field.SecretMapField) secretSet {
	none := secret{at: at, of: at, value: types.StringNull(), version: *f.Version, moved: true}
	if f.Value().IsUnknown() {
		none.value = types.StringUnknown()
	}
	set := secretSet{none}
	entries := f.Entries()
	for _, column := range slices.Sorted(maps.Keys(entries)) {
		set = append(set, secret{
			at: at.AtMapKey(strings.TrimPrefix(column, f.Prefix())), of: at, column: column, value: entries[column],
			version: *f.Version, moved: true,
		})
	}
	return set
}

// versionOf is the version that an attribute has in this set.
func (set secretSet) versionOf(attribute path.Path) types.Int64 {
	for _, s := range set {
		if s.of.Equal(attribute) {
			return s.version
		}
	}
	return types.Int64Null()
}

// compare finds out which secrets moved since the state was written: by version where one is or was set, and otherwise
// by the slow hash in private state. Without a hash, as after an import, a secret counts as unchanged while planning
// and is sent with the next write, which then knows.
func (set secretSet) compare(ctx context.Context, before secretSet, private privateReader, diags *diag.Diagnostics) {
	same, known := set.hashed(ctx, private, diags)
	for i := range set {
		s := &set[i]
		was := before.versionOf(s.of)
		if s.version.IsNull() && was.IsNull() {
			s.moved = !known || !same
			continue
		}
		s.moved = !s.version.Equal(was)
	}
}

// planned is compare for a plan: moved tells that a secret has to be sent, unknown that this shows only at apply.
func (set secretSet) planned(
	ctx context.Context, before secretSet, private privateReader, diags *diag.Diagnostics,
) (moved, unknown bool) {
	same, known := set.hashed(ctx, private, diags)
	moved = len(set.dropped(ctx, private, diags)) > 0
	for _, s := range set {
		was := before.versionOf(s.of)
		switch versioned := !s.version.IsNull() || !was.IsNull(); {
		case versioned && s.version.IsUnknown(), !versioned && s.value.IsUnknown():
			unknown = true
		case versioned && !s.version.Equal(was):
			moved = moved || !s.value.IsNull() || s.value.IsUnknown()
		case !versioned && !s.value.IsNull() && known && !same:
			moved = true
		}
	}
	return moved, unknown
}

// sendable tells that there is a secret to send, or one that must not be missing.
func (set secretSet) sendable() bool {
	return slices.ContainsFunc(set, func(s secret) bool { return s.required || !s.value.IsNull() })
}

// none tells that no secret is configured.
func (set secretSet) none() bool {
	return !slices.ContainsFunc(set, func(s secret) bool { return !s.value.IsNull() })
}

func (set secretSet) resend() {
	for i := range set {
		set[i].moved = true
	}
}

func (set secretSet) all() map[string]record.Secret {
	all := map[string]record.Secret{}
	for _, s := range set {
		if s.column != "" && !s.value.IsNull() && !s.value.IsUnknown() {
			all[s.column] = record.Secret{Value: s.value.ValueString(), Moved: s.moved}
		}
	}
	return all
}

// digest is what private state keeps of the secrets: a hash of those that have no version, and the columns of
// write-only maps, which no state holds.
type digest struct {
	Salt    []byte   `json:"salt"`
	Sum     []byte   `json:"sum"`
	Columns []string `json:"columns,omitempty"`
}

// dropped lists the columns of write-only maps that were sent once and are not configured any more.
func (set secretSet) dropped(ctx context.Context, private privateReader, diags *diag.Diagnostics) []string {
	data, d := private.GetKey(ctx, secretsKey)
	diags.Append(d...)
	var stored digest
	if len(data) == 0 || json.Unmarshal(data, &stored) != nil {
		return nil
	}
	return slices.DeleteFunc(stored.Columns, func(column string) bool {
		return slices.ContainsFunc(set, func(s secret) bool {
			return s.column == column && !s.value.IsNull() || s.column == "" && s.value.IsUnknown()
		})
	})
}

// members lists the columns of write-only maps that are configured.
func (set secretSet) members() []string {
	var columns []string
	for _, s := range set {
		if !s.at.Equal(s.of) && !s.value.IsNull() {
			columns = append(columns, s.column)
		}
	}
	return columns
}

// hashed tells whether the secrets without a version are those of the last write, and whether that is known at all.
func (set secretSet) hashed(ctx context.Context, private privateReader, diags *diag.Diagnostics) (same, known bool) {
	data, d := private.GetKey(ctx, secretsKey)
	diags.Append(d...)
	var stored digest
	if len(data) == 0 || json.Unmarshal(data, &stored) != nil || len(stored.Sum) == 0 {
		return false, false
	}
	return subtle.ConstantTimeCompare(stored.Sum, slowHash(stored.Salt, set.unversioned())) == 1, true
}

// remember stores the hash of the secrets without a version; call it once they are sent.
func (set secretSet) remember(ctx context.Context, private privateWriter, diags *diag.Diagnostics) {
	content := set.unversioned()
	if len(content) == 0 {
		setPrivate(ctx, private, secretsKey, digest{Columns: set.members()}, diags)
		return
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: crypto/rand
	setPrivate(ctx, private, secretsKey, digest{
		Salt: salt, Sum: slowHash(salt, content), Columns: set.members(),
	}, diags)
}

// unversioned joins the secrets without a version, each with its place and lengths so that no two sets look alike.
func (set secretSet) unversioned() []byte {
	var content []byte
	for _, s := range set {
		if s.version.IsNull() && !s.value.IsNull() && !s.value.IsUnknown() {
			for _, part := range []string{s.at.String(), s.value.ValueString()} {
				content = binary.BigEndian.AppendUint64(content, uint64(len(part)))
				content = append(content, part...)
			}
		}
	}
	return content
}

// hashes memoises slowHash in this process, by a fast hash of salt and content.
var hashes sync.Map

// slowHash is argon2id with 16 MiB and one pass: slow enough against guessing from a stolen state, fast enough for a
// plan over many resources, and without a limit on length.
func slowHash(salt, content []byte) []byte {
	key := sha256.Sum256(append(append([]byte{}, salt...), content...))
	if sum, ok := hashes.Load(key); ok {
		return sum.([]byte) //nolint:forcetypeassert // nothing else is stored
	}
	sum := argon2.IDKey(content, salt, 1, 16*1024, 1, 32)
	hashes.Store(key, sum)
	return sum
}
