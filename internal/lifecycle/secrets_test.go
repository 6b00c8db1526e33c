package lifecycle

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// memory is private state in memory.
type memory map[string][]byte

func (m memory) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) { return m[key], nil }

func (m memory) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	m[key] = value
	return nil
}

const column = "user_password"

func password(value types.String, version types.Int64) secretSet {
	at := path.Root("password_wo")
	return secretSet{{at: at, of: at, column: column, value: value, version: version}}
}

func parameters(entries map[string]string) secretSet {
	of := path.Root("secret_parameters_wo")
	var set secretSet
	for key, value := range entries {
		set = append(set, secret{
			at: of.AtMapKey(key), of: of, column: key, value: types.StringValue(value), version: types.Int64Null(),
		})
	}
	return set
}

// afterWriting is what private state holds once a set was written and the server took the named columns.
func afterWriting(t *testing.T, set secretSet, detection SecretChangeDetection, kept ...string) *sentSecrets {
	t.Helper()
	c := secretContext{creating: true, detection: detection}
	private := memory{}
	var diags diag.Diagnostics
	setPrivate(t.Context(), private, secretsKey, set.decide(c).remember(nil, "id", kept, c), &diags)
	sent := sentFrom(t.Context(), private, &diags)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return sent
}

// TestSecretDecision decides about one secret in every state that it can be in.
func TestSecretDecision(t *testing.T) {
	t.Parallel()
	none, first, second := types.Int64Null(), types.Int64Value(1), types.Int64Value(2)
	a, b, null, unknown := types.StringValue("a"), types.StringValue("b"), types.StringNull(), types.StringUnknown()
	written := func(value types.String, version types.Int64) *sentSecrets {
		return afterWriting(t, password(value, version), DetectByDigest, column)
	}
	for name, test := range map[string]struct {
		sent    *sentSecrets
		value   types.String
		version types.Int64
		missing bool
		mode    SecretChangeDetection
		want    secretDecision
	}{
		"same value":                       {sent: written(a, none), value: a, version: none, want: keepSecret},
		"another value":                    {sent: written(a, none), value: b, version: none, want: sendSecret},
		"another value, same version":      {sent: written(a, first), value: b, version: first, want: keepSecret},
		"same value, another version":      {sent: written(a, first), value: a, version: second, want: sendSecret},
		"a version appears":                {sent: written(a, none), value: a, version: first, want: sendSecret},
		"a version disappears":             {sent: written(a, first), value: a, version: none, want: sendSecret},
		"added to a resource made without": {sent: written(null, none), value: a, version: none, want: sendSecret},
		"imported, without a version":      {value: a, version: none, want: sendSecret},
		"imported, with a version":         {value: a, version: first, want: sendSecret},
		"imported, none configured":        {value: null, version: none, want: keepSecret},
		"value unknown":                    {sent: written(a, none), value: unknown, version: none, want: undecidedSecret},
		"value unknown, same version":      {sent: written(a, first), value: unknown, version: first, want: keepSecret},
		"value unknown, another version": {
			sent: written(a, first), value: unknown, version: second, want: undecidedSecret,
		},
		"version unknown": {
			sent: written(a, first), value: a, version: types.Int64Unknown(), want: undecidedSecret,
		},
		"gone from the configuration": {sent: written(a, none), value: null, version: none, want: keepSecret},
		"lost by the server": {
			sent: written(a, none), value: a, version: none, missing: true, want: sendSecret,
		},
		"refused when it was sent": {
			sent: afterWriting(t, password(a, none), DetectByDigest), value: a, want: sendSecret,
		},
		"by version, without one":          {sent: written(a, none), value: b, mode: DetectByVersion, want: keepSecret},
		"by version, imported without one": {value: a, mode: DetectByVersion, want: keepSecret},
		"by version, another version": {
			sent: written(a, first), value: a, version: second, mode: DetectByVersion, want: sendSecret,
		},
		"by version, a version disappears": {sent: written(a, first), value: a, mode: DetectByVersion, want: sendSecret},
		"by version once, by digest now": {
			sent: afterWriting(t, password(a, none), DetectByVersion, column), value: a, want: sendSecret,
		},
		"by version, lost by the server": {
			sent: written(a, none), value: a, mode: DetectByVersion, missing: true, want: sendSecret,
		},
		"imported, value unknown":            {value: unknown, version: none, want: undecidedSecret},
		"imported by version, value unknown": {value: unknown, version: first, mode: DetectByVersion, want: undecidedSecret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := secretContext{id: "id", sent: test.sent, missing: test.missing, detection: test.mode}
			if got := password(test.value, test.version).decide(c).decisions[0]; got != test.want {
				t.Errorf("decided %d, not %d", got, test.want)
			}
		})
	}
}

// TestHalfRefusedSecrets keeps apart which of several secrets the server took.
func TestHalfRefusedSecrets(t *testing.T) {
	t.Parallel()
	set := parameters(map[string]string{"token": "a", "key": "b"})
	sent := afterWriting(t, set, DetectByDigest, "token")
	decided := set.decide(secretContext{id: "id", sent: sent})
	for i, s := range set {
		if want := map[string]secretDecision{"token": keepSecret, "key": sendSecret}[s.column]; decided.decisions[i] != want {
			t.Errorf("%s: decided %d, not %d", s.column, decided.decisions[i], want)
		}
	}
	if !decided.sends() || decided.kept([]string{"token"}) || !decided.kept([]string{"key"}) {
		t.Error("what moves is not the one that was refused")
	}
}

// TestDroppedEntries clears what a write-only map held once and names no more.
func TestDroppedEntries(t *testing.T) {
	t.Parallel()
	sent := afterWriting(t, parameters(map[string]string{"token": "a", "key": "b"}), DetectByDigest, "token", "key")
	c := secretContext{id: "id", sent: sent}
	decided := parameters(map[string]string{"token": "a"}).decide(c)
	if !slices.Equal(decided.cleared, []string{"key"}) || !decided.sends() {
		t.Fatalf("cleared %v", decided.cleared)
	}
	if secret := decided.write()["key"]; !secret.Send || secret.Value != "" {
		t.Errorf("sends %+v", secret)
	}
	after := decided.remember(sent, "id", []string{"key"}, c)
	if _, still := after.ByColumn["key"]; still || len(after.ByColumn) != 1 {
		t.Errorf("remembers %v", after.ByColumn)
	}
	of := path.Root("secret_parameters_wo")
	unknown := secretSet{{at: of, of: of, value: types.StringUnknown(), version: types.Int64Null()}}.decide(c)
	if len(unknown.cleared) > 0 || !unknown.moves() || unknown.sends() {
		t.Errorf("an unknown map decides %+v", unknown)
	}
}

// TestAVersionStartsAnew sends a secret that was taken out and comes back with the version it had before.
func TestAVersionStartsAnew(t *testing.T) {
	t.Parallel()
	none, first := types.Int64Null(), types.Int64Value(1)
	sent := afterWriting(t, password(types.StringValue("a"), first), DetectByDigest, column)
	c := secretContext{id: "id", sent: sent}
	c.sent = password(types.StringNull(), none).decide(c).remember(sent, "id", nil, c)
	if got := password(types.StringValue("b"), first).decide(c).decisions[0]; got != sendSecret {
		t.Errorf("decided %d", got)
	}
}

// TestVersionsLeaveNoDigest drops what was derived from secrets while digests were kept.
func TestVersionsLeaveNoDigest(t *testing.T) {
	t.Parallel()
	set := password(types.StringValue("a"), types.Int64Null())
	sent := afterWriting(t, set, DetectByDigest, column)
	c := secretContext{id: "id", sent: sent, detection: DetectByVersion}
	after := set.decide(c).remember(sent, "id", nil, c)
	if data, err := json.Marshal(after); err != nil || strings.Contains(string(data), "digest") ||
		strings.Contains(string(data), "salt") {
		t.Errorf("private state holds %s, %v", data, err)
	}
	if after.dropDigests() || (*sentSecrets)(nil).dropDigests() {
		t.Error("something was dropped twice")
	}
}

// TestPrivateStateHoldsNoSecret looks at what is stored: no secret, and nothing by which equal ones look equal.
func TestPrivateStateHoldsNoSecret(t *testing.T) {
	t.Parallel()
	set := parameters(map[string]string{"token": "canary", "key": "canary"})
	data, err := json.Marshal(afterWriting(t, set, DetectByDigest, "token", "key"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("canary")) {
		t.Errorf("private state holds a secret: %s", data)
	}
	var stored sentSecrets
	if err := json.Unmarshal(data, &stored); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(stored.ByColumn["token"].Digest, stored.ByColumn["key"].Digest) {
		t.Error("equal secrets have equal digests")
	}
	if byVersion := afterWriting(t, set, DetectByVersion, "token", "key"); byVersion.ByColumn["token"].Digest != nil {
		t.Error("a digest is stored although only versions count")
	}
}

// TestMissingSecretsAreTold warns where the server has lost secrets that the configuration cannot send again.
func TestMissingSecretsAreTold(t *testing.T) {
	t.Parallel()
	r, ok := New[widget](widgetDefinition(&shelf{}))().(*lifecycle[widget, *widget])
	if !ok {
		t.Fatal("not a lifecycle")
	}
	for value, warnings := range map[types.String]int{
		types.StringNull(): 1, types.StringValue("a"): 0, types.StringUnknown(): 0,
	} {
		c := secretContext{id: "id", missing: true, sent: &sentSecrets{}}
		var diags diag.Diagnostics
		r.planSecrets(&widget{}, &widget{}, c, password(value, types.Int64Null()).decide(c), &diags)
		if diags.WarningsCount() != warnings {
			t.Errorf("%s: %v", value, diags)
		}
	}
}
