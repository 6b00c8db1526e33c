package servicenow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// accessPolicyGuard keeps a policy from shutting out the account that writes it, and from what the platform forbids.
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

// own tells whether a profile admits the method that the provider itself logs in with.
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

// check tells why a policy must not be written as wanted; nil when nothing is known against it.
func (g accessPolicyGuard) check(
	ctx context.Context, want record.Write, profiles map[string]profile,
) *accessPolicyError {
	global := want.Text("apply_global") == "true"
	if global {
		for _, p := range profiles {
			if p.table == "http_key_auth" {
				return &accessPolicyError{"An API key in a global policy", fmt.Sprintf("The profile %q admits API keys, and the "+
					"platform does not accept those by a global policy. Map it to a policy of its own with the API's "+
					"rest_api_id, and leave it out here.", p.name)}
			}
		}
	}
	if want.AllowLockout || want.Text("active") == "false" || g.admitsOwn(profiles) {
		return nil
	}
	if !global && !g.isTableAPI(ctx, want.Text("api")) {
		return nil
	}
	return g.lockout(global)
}

func (g accessPolicyGuard) admitsOwn(profiles map[string]profile) bool {
	for _, p := range profiles {
		if p.active && g.own(p) {
			return true
		}
	}
	return false
}

func (g accessPolicyGuard) lockout(global bool) *accessPolicyError {
	where := "the Table API"
	if global {
		where = "every API"
	}
	missing := map[servicenowapi.AuthKind]string{
		servicenowapi.AuthBasic:  "an active servicenow_http_auth_profile of type basic_auth",
		servicenowapi.AuthAPIKey: "an active servicenow_api_key_auth_profile",
		servicenowapi.AuthToken:  "an active servicenow_http_auth_profile of the type for OAuth tokens",
	}[g.sn.AuthKind()]
	return &accessPolicyError{"The policy would lock this provider out", fmt.Sprintf("The provider logs in with %s, and "+
		"the policy on %s maps no profile that admits it, so the instance would answer 401 to everything that follows, to "+
		"the repair of this policy as well. Add %s to auth_profile_ids, or set allow_lockout = true if that is meant.",
		g.sn.AuthKind(), where, missing)}
}

// isTableAPI tells whether a value of sys_api_access_policy.api stands for the Table API. No sys_ws_definition stands
// behind that API, so the choice list and the shipped policies tell. Where neither can be read the answer is no: the
// store looks at api_path again before it activates a policy.
func (g accessPolicyGuard) isTableAPI(ctx context.Context, api string) bool {
	if api == "" {
		return false
	}
	match := map[string]string{"name": "sys_api_access_policy", "element": "api", "value": api}
	choices, err := g.sn.Table("sys_choice").Find(ctx, record.Match{Values: match}, []string{"label"}, 1)
	if err == nil && len(choices) == 1 {
		label := record.Text(choices[0].Values["label"])
		return strings.Contains(label, "[now/table]") || strings.HasPrefix(label, "Table API")
	}
	policies, err := g.sn.Table("sys_api_access_policy").Find(ctx, record.Match{Values: map[string]string{"api": api}}, []string{"api_path"}, 1)
	return err == nil && len(policies) == 1 && isTablePath(record.Text(policies[0].Values["api_path"]))
}

func isTablePath(path string) bool {
	return strings.Trim(strings.TrimPrefix(path, "/api"), "/") == "now/table"
}
