package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"pgregory.net/rapid"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// vault has a secret of each sort: with a version, without one, and a map of them.
type vault struct {
	Base
	Secrets
	Name           types.String `tfsdk:"name"`
	TokenWO        types.String `tfsdk:"token_wo"`
	TokenWOVersion types.Int64  `tfsdk:"token_wo_version"`
	PinWO          types.String `tfsdk:"pin_wo"`
	KeysWO         types.Map    `tfsdk:"keys_wo"`
	KeysWOVersion  types.Int64  `tfsdk:"keys_wo_version"`
}

func (m *vault) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name), field.Secret("token", &m.TokenWO, &m.TokenWOVersion),
		field.Secret("pin", &m.PinWO, nil), field.SecretMap("key.", &m.KeysWO, &m.KeysWOVersion),
	}
}

func vaultDefinition(store record.Store) Definition {
	return Definition{
		Type: "widget", Table: "u_vault", Key: []string{"name"},
		Store: func(*Servers) record.Store { return store },
		Attributes: map[string]resourceschema.Attribute{
			"name":     resourceschema.StringAttribute{Required: true},
			"token_wo": resourceschema.StringAttribute{}, "token_wo_version": version,
			"pin_wo":  resourceschema.StringAttribute{},
			"keys_wo": resourceschema.MapAttribute{ElementType: types.StringType}, "keys_wo_version": version,
		},
	}
}

// noVersion stands for a secret that is configured without one.
const noVersion = -1

// wanted is a secret as configured.
type wanted struct {
	value   string
	version int
}

// vaultModel says what is known of the secrets that the server took: nothing else decides what is sent.
type vaultModel struct {
	byVersion bool
	exists    bool
	taken     map[string]wanted
}

// sends lists what an apply of a configuration sends, "" for a secret that is cleared, by column.
func (m *vaultModel) sends(config map[string]wanted) map[string]string {
	sent := map[string]string{}
	for column, want := range config {
		had, known := m.taken[column]
		send := !known || want != had // another value or another version
		switch {
		case !m.exists:
			send = true
		case want.version != noVersion:
			send = !known || had.version != want.version
		case m.byVersion:
			send = known && had.version != noVersion
		case known && had.version != noVersion:
			send = true
		}
		if send {
			sent[column] = want.value
		}
	}
	for column := range m.taken {
		if _, still := config[column]; !still && strings.HasPrefix(column, "key.") {
			sent[column] = ""
		}
	}
	return sent
}

// took notes that the server took a secret.
func (m *vaultModel) took(column string, config map[string]wanted) {
	if want, configured := config[column]; configured {
		m.taken[column] = want
		return
	}
	delete(m.taken, column)
}

// TestSecretsFollowTheModel takes one resource through random configurations, refusals, losses, imports and
// replacements: each apply sends exactly what the server is not known to hold, the plan shows it, and what is stored
// holds no secret.
func TestSecretsFollowTheModel(t *testing.T) {
	t.Parallel()
	values := rapid.SampledFrom([]string{"", "canary-a", "canary-b"})
	versions := rapid.SampledFrom([]int{noVersion, noVersion, 0, 1})
	columns := []string{"key.x", "key.y", "pin", "token"}
	rapid.Check(t, func(r *rapid.T) {
		model := &vaultModel{byVersion: rapid.Bool().Draw(r, "by version"), taken: map[string]wanted{}}
		detection := DetectByDigest
		if model.byVersion {
			detection = DetectByVersion
		}
		store := &shelf{}
		start := func() *stage { return newStage(t, connected(detection), New[vault](vaultDefinition(store))) }
		s := start()
		apply := func(r *rapid.T) {
			config, block := map[string]wanted{}, attributes{"name": rapid.SampledFrom([]string{"n", "m"}).Draw(r, "name")}
			for column, attribute := range map[string]string{"token": "token_wo", "pin": "pin_wo"} {
				want := wanted{value: values.Draw(r, attribute), version: noVersion}
				if attribute == "token_wo" {
					want.version = versions.Draw(r, "version")
				}
				if want.version != noVersion {
					block[attribute+"_version"] = want.version
				}
				if want.value != "" {
					block[attribute], config[column] = want.value, want
				}
			}
			keys, version := map[string]string{}, versions.Draw(r, "keys version")
			for _, key := range []string{"x", "y"} {
				if value := values.Draw(r, key); value != "" {
					keys[key], config["key."+key] = value, wanted{value, version}
				}
			}
			if len(keys) > 0 {
				block["keys_wo"] = keys
			}
			if version != noVersion {
				block["keys_wo_version"] = version
			}
			store.refuses = rapid.SampledFrom([][]string{nil, nil, {"token"}, {"key.x"}, {"pin"}}).Draw(r, "refuses")
			want, before := model.sends(config), s.text("secrets_updated_at")
			planned, _, errs := s.plan(block)
			if errs != "" {
				r.Fatal(errs)
			}
			moves := s.textOf(planned, "secrets_updated_at") == "<unknown>"
			if moves != (len(want) > 0) {
				r.Fatalf("the plan shows secrets that move: %v, and %v are sent", moves, slices.Collect(maps.Keys(want)))
			}
			clear(store.secrets)
			errs = s.apply(block)
			refused, took := false, 0
			for _, column := range slices.Sorted(maps.Keys(want)) { // the shelf takes them in this order
				if refused = slices.Contains(store.refuses, column); refused {
					break
				}
				if value, got := store.secrets[column]; !got || value != want[column] {
					r.Fatalf("%s was not sent: %v", column, store.secrets)
				}
				model.took(column, config)
				took++
			}
			if len(store.secrets) != took || (errs != "") != refused {
				r.Fatalf("sent %v, not %v: %s", store.secrets, want, errs)
			}
			model.exists = true
			_, counted := block["token_wo_version"]
			if _, still := config["token"]; !still && !counted && model.taken["token"].version != noVersion {
				delete(model.taken, "token") // taken out with its version, which may start anew
			}
			if took == 0 && s.text("secrets_updated_at") != before {
				r.Fatalf("secrets_updated_at moved from %s to %s", before, s.text("secrets_updated_at"))
			}
			if took > 0 && s.text("secrets_updated_at") == "<null>" {
				r.Fatal("secrets_updated_at is not set")
			}
		}
		there := func() bool { return model.exists }
		steps := map[string]struct {
			possible func() bool
			run      func(*rapid.T)
		}{
			"apply":       {func() bool { return true }, apply},
			"apply again": {there, apply},
			"lose": {there, func(r *rapid.T) {
				store.lost = []string{rapid.SampledFrom(columns).Draw(r, "lost")}
				if errs := s.refresh(); errs != "" {
					r.Fatal(errs)
				}
				delete(model.taken, store.lost[0])
				store.lost = nil
			}},
			"import": {there, func(r *rapid.T) {
				id := s.text("id")
				s = start()
				if errs := s.importAs(id); errs != "" {
					r.Fatal(errs)
				}
				clear(model.taken)
			}},
			"destroy": {there, func(r *rapid.T) {
				if errs := s.destroy(); errs != "" {
					r.Fatal(errs)
				}
				s = start()
				model.exists = false
				clear(model.taken)
			}},
		}
		for range rapid.IntRange(1, 10).Draw(r, "steps") {
			step := steps[rapid.SampledFrom(slices.Sorted(maps.Keys(steps))).Draw(r, "step")]
			if !step.possible() {
				step = steps["apply"]
			}
			step.run(r)
			if stored := fmt.Sprint(s.state, string(s.private)); strings.Contains(stored, "canary") {
				r.Fatalf("a secret is stored: %s", stored)
			}
		}
	})
}
