package servicenowapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// The tables that decide by which method a request may prove who it is.
const (
	policyTable          = "sys_api_access_policy"
	mappingTable         = "sys_auth_profile_mapping"
	keyProfileTable      = "http_key_auth"
	standardProfileTable = "std_http_auth"
	parameterTable       = "sys_token_auth_parameter"
	// metadataTable is the base of all of them.
	metadataTable = "sys_metadata"
)

// decisiveColumns are, by table, the columns that decide. A table that is named here is guarded, whoever writes it; the
// last two are bases of the others, through which rows of those can be written.
var decisiveColumns = map[string][]string{
	policyTable: {
		"active", "api", "api_path", "apply_global", "apply_all", "http_method", "apply_all_methods", "version",
		"apply_all_versions", "api_resource", "apply_all_resources", "api_tablename", "apply_all_tables",
	},
	mappingTable:         {"api_access_policy", "inbound_auth_profile"},
	standardProfileTable: {"active", "type"},
	keyProfileTable:      {"active", "auth_parameter"},
	parameterTable:       {"parameter_name", "type", "prefix"},
	accessScopeTable: {
		"active", "api", "api_path", "auth_scope", "http_method", "apply_all_methods", "version", "apply_all_versions",
		"api_resource", "apply_all_resources",
	},
	authScopeTable:         {"name"},
	clientScopesTable:      {"oauth_entity", "auth_scope"},
	clientTable:            {"active", "client_id", "scope_restriction_status"},
	jwtClientTable:         {"active", "client_id", "scope_restriction_status"},
	"inbound_auth_profile": {"active"},
	metadataTable:          {},
}

const (
	tableAPIPath = "now/table"
	apiKeyHeader = "x-sn-apikey" //nolint:gosec // a header's name, no credential
)

// IsTablePath reports whether a value of api_path is the Table API's.
func IsTablePath(path string) bool {
	return strings.Trim(strings.TrimPrefix(path, "/api"), "/") == tableAPIPath
}

// accessRow is a row's columns as texts.
type accessRow map[string]string

func stringValues(values map[string]any) accessRow {
	row := accessRow{}
	for column, value := range values {
		row[column] = record.Text(value)
	}
	return row
}

// IsTrue reads a flag as a row holds it: instances answer "true", and some routes "1".
func IsTrue(value string) bool { return value == "true" || value == "1" }

// isActive counts a row that does not say as active: a new one is by default.
func isActive(row accessRow) bool {
	active, set := row["active"]
	return !set || IsTrue(active)
}

// accessRows are rows by table and sys_id.
type accessRows map[string]map[string]accessRow

// with returns what the rows come to. paths are those of APIs, by their value.
func (a accessRows) with(changes []RowChange, paths map[string]string) accessRows {
	after := accessRows{}
	for table, rows := range a {
		after[table] = maps.Clone(rows)
	}
	for _, c := range changes {
		table := c.Table
		for name, rows := range after {
			if after[c.Table][c.ID] == nil && rows[c.ID] != nil {
				table = name // a base table's name will do as well
			}
		}
		if after[table] == nil {
			continue
		}
		row, known := after[table][c.ID]
		switch {
		case c.Deleted:
			delete(after[table], c.ID)
			maps.DeleteFunc(after[mappingTable], func(_ string, m accessRow) bool {
				return m["api_access_policy"] == c.ID || m["inbound_auth_profile"] == c.ID
			})
			for _, table := range []string{accessScopeTable, clientScopesTable} {
				maps.DeleteFunc(after[table], func(_ string, row accessRow) bool { return row["auth_scope"] == c.ID })
			}
			continue
		case !known && !c.New:
			continue // gone, or not of a kind that decides
		}
		row = maps.Clone(row)
		if row == nil {
			row = accessRow{}
		}
		path, api := row["api_path"], row["api"]
		maps.Copy(row, stringValues(c.Values))
		if row["api_path"] = path; row["api"] != api { // the instance fills the path in
			row["api_path"] = paths[row["api"]]
			if row["api_path"] == "" && row["api"] != "" && !c.LooksAtPath {
				row["api_path"] = tableAPIPath // it may be, and afterwards it is too late
			}
		}
		after[table][c.ID] = row
		if c.Profiles != nil && after[mappingTable] != nil {
			maps.DeleteFunc(after[mappingTable], func(_ string, m accessRow) bool { return m["api_access_policy"] == c.ID })
			for _, id := range c.Profiles {
				after[mappingTable][c.ID+"/"+id] = accessRow{"api_access_policy": c.ID, "inbound_auth_profile": id}
			}
		}
	}
	return after
}

// onTableAPI reports whether a policy decides about the Table API.
func (a accessRows) onTableAPI(id string) bool {
	row, ok := a[policyTable][id]
	return ok && isActive(row) && (IsTrue(row["apply_global"]) || IsTablePath(row["api_path"]))
}

// deciding are the sys_ids of the policies that decide about the Table API, in a stable order.
func (a accessRows) deciding() []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(a[policyTable])) {
		if a.onTableAPI(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// verdict is what a policy comes to for our own method.
type verdict int

const (
	// empty policies map no active profile: others decide.
	empty verdict = iota
	shuts
	admits
)

// mapped reports, by profile, what each one that a policy maps does for our own method. A profile of a kind that is not
// known is another method's.
func (a accessRows) mapped(policy string, own AuthKind) map[string]verdict {
	all := map[string]verdict{}
	global := IsTrue(a[policyTable][policy]["apply_global"])
	for _, m := range a[mappingTable] {
		if m["api_access_policy"] != policy {
			continue
		}
		id := m["inbound_auth_profile"]
		standard, isStandard := a[standardProfileTable][id]
		key, isKey := a[keyProfileTable][id]
		switch {
		case isStandard && !isActive(standard) || isKey && !isActive(key):
			all[id] = empty
		case isStandard && own == AuthBasic && standard["type"] == "basic_auth",
			isStandard && own == AuthToken && standard["type"] != "basic_auth",
			isKey && own == AuthAPIKey && !global && a.carriesOwnKey(key): // no key passes by a global policy
			all[id] = admits
		default:
			all[id] = shuts
		}
	}
	return all
}

// verdictOf reports what a policy's profiles come to.
func (a accessRows) verdictOf(policy string, own AuthKind) verdict {
	v := empty
	for _, one := range a.mapped(policy, own) {
		v = max(v, one)
	}
	return v
}

// carriesOwnKey reports whether a profile takes keys from the header that this provider sends.
func (a accessRows) carriesOwnKey(profile accessRow) bool {
	return slices.ContainsFunc(strings.Split(profile["auth_parameter"], ","), func(id string) bool {
		p := a[parameterTable][strings.TrimSpace(id)]
		return strings.EqualFold(p["parameter_name"], apiKeyHeader) && p["type"] == "auth_header" && p["prefix"] == ""
	})
}

// narrowings are the columns by which a policy applies to a part of its API, and the flags that lift them.
var narrowings = []struct{ column, all string }{
	{"http_method", "apply_all_methods"},
	{"version", "apply_all_versions"},
	{"api_resource", "apply_all_resources"},
	{"api_tablename", "apply_all_tables"},
}

// part lists what a policy is narrowed to; nil when to nothing.
func (p accessRow) part(column, all string) []string {
	if p[column] == "" || IsTrue(p[all]) || IsTrue(p["apply_all"]) || IsTrue(p["apply_global"]) {
		return nil
	}
	return strings.Split(strings.ToLower(p[column]), ",")
}

// covers reports whether a policy applies to a request that has these values by column, and how closely it names it.
func (p accessRow) covers(request map[string]string) (closeness int, ok bool) {
	if IsTrue(p["apply_global"]) {
		return 0, true
	}
	if request["api"] != tableAPIPath {
		return 0, false
	}
	closeness = 1
	for _, n := range narrowings {
		part := p.part(n.column, n.all)
		if part == nil {
			continue
		}
		closeness++
		if !slices.Contains(part, request[n.column]) {
			return 0, false
		}
	}
	return closeness, true
}

// admitsRequest applies the policies: the closest ones that map a profile decide. Without any, everything but API keys
// gets in.
func (a accessRows) admitsRequest(request map[string]string, verdicts map[string]verdict, own AuthKind) bool {
	best, admitted := -1, own != AuthAPIKey
	for id, v := range verdicts {
		closeness, ok := a[policyTable][id].covers(request)
		if !ok || v == empty || closeness < best {
			continue
		}
		if closeness > best {
			best, admitted = closeness, false
		}
		admitted = admitted || v == admits
	}
	return admitted
}

func (a accessRows) verdicts(own AuthKind) map[string]verdict {
	all := map[string]verdict{}
	for _, id := range a.deciding() {
		all[id] = a.verdictOf(id, own)
	}
	return all
}

// accessView is what a change does to who gets in. Its zero value is a change that does nothing to it.
type accessView struct {
	began         time.Time
	before, after accessRows
	// policies and scopes report which of the two the change may touch.
	policies, scopes bool
}

// concerns reports whether any of the changes may touch a policy that decides about the Table API. It needs the
// policies only.
func (v accessView) concerns(changes []RowChange) bool {
	if len(v.before.deciding())+len(v.after.deciding()) == 0 {
		return false
	}
	decides := func(policy string) bool { return v.before.onTableAPI(policy) || v.after.onTableAPI(policy) }
	return slices.ContainsFunc(changes, func(c RowChange) bool {
		if c.Table == policyTable {
			return decides(c.ID)
		}
		return !c.New || decides(record.Text(c.Values["api_access_policy"]))
	})
}

// matters reports whether the change touches what a deciding policy is, or what any of its profiles does, or anything
// about auth scopes.
func (v accessView) matters(s *Client) bool {
	own := s.AuthKind()
	switch {
	case v.scopes && v.movesScopes(s.clientID()):
		return true
	case !v.policies:
		return false
	case !slices.Equal(v.before.deciding(), v.after.deciding()):
		return true
	}
	return slices.ContainsFunc(v.after.deciding(), func(id string) bool {
		return !maps.Equal(v.before[policyTable][id], v.after[policyTable][id]) ||
			!maps.Equal(v.before.mapped(id, own), v.after.mapped(id, own))
	})
}

// refusal reports why the change would shut us out; nil when nothing is known against it.
func (v accessView) refusal(s *Client) error {
	if v.policies {
		if err := v.policyRefusal(s.AuthKind()); err != nil {
			return err
		}
	}
	if v.scopes {
		return v.scopeRefusal(s.clientID())
	}
	return nil
}

func (v accessView) policyRefusal(own AuthKind) error {
	before, after := v.before.verdicts(own), v.after.verdicts(own)
	for _, id := range v.after.deciding() {
		was, decided := before[id]
		now := after[id]
		// What an active policy without any profile does is not documented, so none is made into one.
		if now == admits || decided && (was == now || was == shuts) {
			continue
		}
		return lockout(own, fmt.Sprintf("the policy %s maps no active profile that admits that", v.after.describe(id)),
			IsTrue(v.after[policyTable][id]["apply_global"]))
	}
	for _, request := range requests(narrowedBy(policyTable, v.before, v.after)) {
		if v.before.admitsRequest(request, before, own) && !v.after.admitsRequest(request, after, own) {
			return lockout(own, "no policy admits that any more", request["api"] != tableAPIPath)
		}
	}
	return nil
}

// describe names a policy.
func (a accessRows) describe(id string) string {
	row := a[policyTable][id]
	where := "the Table API"
	if IsTrue(row["apply_global"]) {
		where = "every API"
	}
	return fmt.Sprintf("%q on %s", row["name"], where)
}

const lockoutSummary = "The write would lock this provider out"

// LockoutError is why a write was not sent: it would shut out the method that this connection itself logs in with.
type LockoutError struct{ Summary, Detail string }

// Error leaves the last full stop to whoever ends the sentence.
func (e *LockoutError) Error() string { return e.Summary + ": " + strings.TrimSuffix(e.Detail, ".") }

// Lockout is the refusal of an active policy on the Table API that leaves our own method out.
func (s *Client) Lockout(policy string) error {
	return lockout(s.AuthKind(), fmt.Sprintf("the policy %q on the Table API maps no active profile that admits that",
		policy), false)
}

func lockout(own AuthKind, cause string, everywhere bool) error {
	where := "the Table API"
	if everywhere {
		where = "every API"
	}
	missing := map[AuthKind]string{ //nolint:gosec // words for messages, not credentials
		AuthBasic:  "an active servicenow_http_auth_profile of type basic_auth",
		AuthAPIKey: "an active servicenow_api_key_auth_profile with the parameter of the header x-sn-apikey",
		AuthToken:  "an active servicenow_http_auth_profile of the type for OAuth tokens",
	}[own]
	return &LockoutError{lockoutSummary, fmt.Sprintf("The provider logs in with %s, and "+
		"afterwards %s, so the instance would answer 401 to everything that follows on %s, to the repair of this as well. "+
		"Let the policy map %s first (auth_profile_ids). If the lock-out is meant, set allow_lockout = true, of the policy "+
		"itself or in the provider block.", own, cause, where, missing)}
}
