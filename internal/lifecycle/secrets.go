package lifecycle

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/crypto/argon2"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/client"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
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
		f, ok := field.As[field.SecretField](leaf.Field)
		if !ok {
			continue
		}
		s := secret{at: leaf.Path, column: f.Column(), value: f.Plaintext(), version: types.Int64Null(), moved: true}
		s.required = f.Required && (leaf.Within == nil || !leaf.Within.Value().IsNull() && !leaf.Within.Value().IsUnknown())
		if f.Version != nil {
			s.version = *f.Version
		}
		set = append(set, s)
	}
	return set
}

// compare finds out which secrets moved since the state was written: by version where one is or was set, and otherwise
// by the slow hash in private state. Without a hash, as after an import, a secret counts as unchanged while planning
// and is sent with the next write, which then knows.
func (set secretSet) compare(ctx context.Context, before secretSet, private privateReader, diags *diag.Diagnostics) {
	same, known := set.hashed(ctx, private, diags)
	for i := range set {
		s := &set[i]
		if s.version.IsNull() && before[i].version.IsNull() {
			s.moved = !known || !same
			continue
		}
		s.moved = !s.version.Equal(before[i].version)
	}
}

// planned is compare for a plan: moved tells that a secret has to be sent, unknown that this shows only at apply.
func (set secretSet) planned(
	ctx context.Context, before secretSet, private privateReader, diags *diag.Diagnostics,
) (moved, unknown bool) {
	same, known := set.hashed(ctx, private, diags)
	for i, s := range set {
		switch versioned := !s.version.IsNull() || !before[i].version.IsNull(); {
		case versioned && s.version.IsUnknown(), !versioned && s.value.IsUnknown():
			unknown = true
		case versioned && !s.version.Equal(before[i].version):
			moved = moved || !s.value.IsNull() || s.value.IsUnknown()
		case !versioned && !s.value.IsNull() && known && !same:
			moved = true
		}
	}
	return moved, unknown
}

func (set secretSet) resend() {
	for i := range set {
		set[i].moved = true
	}
}

func (set secretSet) all() map[string]client.Secret {
	all := map[string]client.Secret{}
	for _, s := range set {
		if !s.value.IsNull() && !s.value.IsUnknown() {
			all[s.column] = client.Secret{Value: s.value.ValueString(), Moved: s.moved}
		}
	}
	return all
}

// digest is what private state keeps of the secrets that have no version.
type digest struct {
	Salt []byte `json:"salt"`
	Sum  []byte `json:"sum"`
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
		setPrivate(ctx, private, secretsKey, digest{}, diags)
		return
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: crypto/rand
	setPrivate(ctx, private, secretsKey, digest{Salt: salt, Sum: slowHash(salt, content)}, diags)
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
