package lifecycle

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// drawer is private state in memory.
type drawer map[string][]byte

func (d drawer) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) { return d[key], nil }

func (d drawer) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	d[key] = value
	return nil
}

// passwords is a set of one write-only attribute.
func passwords(value types.String, version types.Int64) secretSet {
	at := path.Root("password_wo")
	return secretSet{{at: at, of: at, column: "c", value: value, version: version, moved: true}}
}

func one(value string, version types.Int64) secretSet {
	return passwords(types.StringValue(value), version)
}

// TestSecretsMove tells which change of a secret is noticed, and by what.
func TestSecretsMove(t *testing.T) {
	t.Parallel()
	none, first, second := types.Int64Null(), types.Int64Value(1), types.Int64Value(2)
	long := strings.Repeat("x", 72)
	for name, test := range map[string]struct {
		written       secretSet // nil: imported
		now           secretSet
		was           types.Int64 // version in state
		moved, unsure bool
	}{
		"same value":                    {one("a", none), one("a", none), none, false, false},
		"another value":                 {one("a", none), one("b", none), none, true, false},
		"another value, same version":   {one("a", first), one("b", first), first, false, false},
		"same value, another version":   {one("a", first), one("a", second), first, true, false},
		"a version appears":             {one("a", none), one("a", first), none, true, false},
		"imported, without a version":   {nil, one("a", none), none, false, false},
		"imported, with a version":      {nil, one("a", first), none, true, false},
		"value unknown":                 {one("a", none), passwords(types.StringUnknown(), none), none, false, true},
		"longer than bcrypt can take":   {one(long+"a", none), one(long+"b", none), none, true, false},
		"gone from the configuration":   {one("a", none), passwords(types.StringNull(), none), none, false, false},
		"version unknown until applied": {one("a", first), one("a", types.Int64Unknown()), first, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			private := drawer{}
			var diags diag.Diagnostics
			test.written.remember(t.Context(), private, &diags)
			before := passwords(types.StringNull(), test.was)
			moved, unsure := test.now.planned(t.Context(), before, private, &diags)
			if moved != test.moved || unsure != test.unsure || diags.HasError() {
				t.Errorf("moved %t, unknown %t: %v", moved, unsure, diags)
			}
		})
	}
}

// TestSecretsAreSentAfterImport sends what is not known to be there with the next write.
func TestSecretsAreSentAfterImport(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	set := one("a", types.Int64Null())
	set.compare(t.Context(), passwords(types.StringNull(), types.Int64Null()), drawer{}, &diags)
	if !set.all()["c"].Moved {
		t.Error("the secret is not sent")
	}
}

// TestDigestTellsNothing holds neither the secret nor a hash that two resources with the same secret share.
func TestDigestTellsNothing(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	a, b := drawer{}, drawer{}
	one("canary", types.Int64Null()).remember(t.Context(), a, &diags)
	one("canary", types.Int64Null()).remember(t.Context(), b, &diags)
	if strings.Contains(string(a[secretsKey]), "canary") || string(a[secretsKey]) == string(b[secretsKey]) {
		t.Errorf("%s\n%s", a[secretsKey], b[secretsKey])
	}
	var stored digest
	if err := json.Unmarshal(a[secretsKey], &stored); err != nil || len(stored.Salt) < 16 || len(stored.Sum) < 32 {
		t.Errorf("%v: %s", err, a[secretsKey])
	}
}

// BenchmarkSlowHash is what one resource with secrets costs a plan: at most 20 ms and 20 MiB are meant.
func BenchmarkSlowHash(b *testing.B) {
	b.ReportAllocs()
	salt := make([]byte, 16)
	for i := range b.N {
		slowHash(salt, []byte{byte(i), byte(i >> 8), byte(i >> 16)})
	}
}
