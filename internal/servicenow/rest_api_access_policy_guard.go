package servicenow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// accessPolicyGuard knows what profiles admit: our own method's mappings are written first and removed last, and API
// keys are kept out of global policies. That nobody is shut out altogether, servicenowapi.Client.Guarded sees to.
type accessPolicyGuard struct{ sn *servicenowapi.Client }

// accessPolicyError is why a policy is not written.
type accessPolicyError struct{ summary, detail string }

// Error leaves the last full stop to whoever ends the sentence.
func (r *accessPolicyError) Error() string {
	return r.summary + ": " + strings.TrimSuffix(r.detail, ".")
}

// profile is an inbound authentication profile: its table, and the method of a standard one.
type profile struct {
	name, table, method string
	active              bool
}

// profiles finds out what the profiles admit. Those of other kinds than the two that the provider knows are left out.
func (g accessPolicyGuard) profiles(ctx context.Context, ids []string) (map[string]profile, error) {
	const chunk = 100 // a URL of about 4 KiB
	found := map[string]profile{}
	for part := range slices.Chunk(ids, chunk) {
		for _, table := range []string{"http_key_auth", "std_http_auth"} {
			columns := []string{"name", "active", "type"}
			rows, err := g.sn.Table(table).Query(ctx, "sys_idIN"+strings.Join(part, ","), columns, len(part))
			if err != nil {
				return nil, fmt.Errorf("reading the profiles (%s): %w", table, err)
			}
			for _, row := range rows {
				if slices.Contains(part, row.ID) {
					found[row.ID] = profile{
						name: row.Text("name"), table: table, method: row.Text("type"),
						active: row.Text("active") != "false",
					}
				}
			}
		}
	}
	return found, nil
}

// own reports whether a profile admits the method that the provider itself logs in with.
func (g accessPolicyGuard) own(p profile) bool {
	standard := p.table == "std_http_auth"
	switch g.sn.AuthKind() {
	case servicenowapi.AuthBasic:
		return standard && p.method == "basic_auth"
	case servicenowapi.AuthAPIKey:
		return p.table == "http_key_auth"
	case servicenowapi.AuthToken:
	}
	return standard && p.method != "basic_auth"
}

// refuseKeys returns why the platform would not take these profiles.
func (g accessPolicyGuard) refuseKeys(want record.Record, profiles map[string]profile) error {
	if want.Text("apply_global") != "true" {
		return nil
	}
	for _, p := range profiles {
		if p.table == "http_key_auth" {
			return &accessPolicyError{"An API key in a global policy", fmt.Sprintf("The profile %q admits API keys, and the "+
				"platform does not accept those by a global policy. Map it to a policy of its own with the API's "+
				"rest_api_id, and leave it out here.", p.name)}
		}
	}
	return nil
}

func (g accessPolicyGuard) admitsOwn(profiles map[string]profile) bool {
	for _, p := range profiles {
		if p.active && g.own(p) {
			return true
		}
	}
	return false
}
