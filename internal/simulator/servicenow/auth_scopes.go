package servicenow

import (
	"net/http"
	"slices"
	"strings"
)

// Values of oauth_entity.scope_restriction_status. Anything else is the name of an auth scope.
const (
	unrestricted    = "unrestricted" // form: Broadly scoped
	restricted      = "restricted"   // form: Securely scoped
	useraccountName = "useraccount"  // the scope that opens every API
)

// UseraccountScope is the sys_id of the shipped auth scope that opens every API.
var UseraccountScope = seedID("auth scope", useraccountName)

// defaultRestriction is what a client gets that is registered without scope_restriction_status: securely scoped since
// Zurich, as vendors' set-up pages say. One instance was seen to default to useraccount, hence the switch.
func (s *Server) defaultRestriction() string {
	switch {
	case s.opts.DefaultScopeRestriction != "":
		return s.opts.DefaultScopeRestriction
	case s.opts.Release.atLeast(Zurich):
		return restricted
	default:
		return unrestricted
	}
}

// scopesOf returns the sys_ids of the auth scopes that a client holds, as of now: tokens carry none of their own.
func (s *Server) scopesOf(client *row) []string {
	var held []string
	for m := range s.rows("oauth_entity_auth_scope_mapping") {
		if m.values["oauth_entity"] == client.id() {
			held = append(held, m.values["auth_scope"])
		}
	}
	switch status := client.values["scope_restriction_status"]; status {
	case "", unrestricted, restricted:
	default:
		if named := s.where("sys_auth_scope", "name", status); named != nil {
			held = append(held, named.id())
		}
	}
	return held
}

// isRestricted reports whether a client may use only those APIs that its scopes open.
func (s *Server) isRestricted(client *row) bool {
	status := client.values["scope_restriction_status"]
	return status != "" && status != unrestricted &&
		s.property("glide.security.oauth_allow_unscoped_clients") != "true"
}

// scopeNames is the scope member of a token response. That an unrestricted client's token names useraccount is
// documented; what a restricted one's names is inferred.
func (s *Server) scopeNames(client *row) string {
	if !s.isRestricted(client) {
		return useraccountName
	}
	var names []string
	for _, id := range s.scopesOf(client) {
		names = append(names, s.displayOf("sys_auth_scope", id))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// scopeRefusal returns how an API refuses a credential whose auth scopes do not open it; nil lets it in. An API
// without a scope record is open to every token of an unrestricted client and to none of a restricted one; one with a
// record is open to those that hold the scope, and from then on to nobody else. Basic authentication has no scopes.
func (s *Server) scopeRefusal(c *call, cred credential) *answer {
	var held []string
	restricted := false
	switch {
	case cred.client != nil:
		held, restricted = s.scopesOf(cred.client), s.isRestricted(cred.client)
	case cred.key != nil && s.keyScopes(cred.key) != "":
		held = strings.Split(s.keyScopes(cred.key), ",")
	default:
		return nil
	}
	if slices.Contains(held, UseraccountScope) {
		return nil
	}
	e := s.endpointOf(c.path)
	scoped := false
	for r := range s.rows("sys_api_access_scope") {
		if _, ok := s.covers(r, c.method, e); !ok {
			continue
		}
		scoped = true
		if !slices.Contains(held, r.values["auth_scope"]) {
			name := s.displayOf("sys_auth_scope", r.values["auth_scope"])
			a := refused(http.StatusForbidden, "Missing required api access scope: "+name, "")
			return &a
		}
	}
	if restricted && !scoped {
		a := refused(http.StatusForbidden, "User Not Authorized", "Access to unscoped api is not allowed")
		return &a
	}
	return nil
}

// keyScopes returns the auth scopes of an API key; without any, the key works everywhere.
func (s *Server) keyScopes(key *row) string {
	for _, c := range key.table.columns {
		if c.Type == GlideList && c.Reference == "sys_auth_scope" {
			return key.values[c.Name]
		}
	}
	return ""
}

// accessScopeBefore is the shipped rule that refuses a second row for one path. What it compares is inferred: the
// whole path with method and version, or, with OneAccessScopePerAPI, the API alone.
func accessScopeBefore(s *Server, op operation, r *row, old map[string]string) error {
	if err := policyBefore(s, op, r, old); err != nil || op != opInsert {
		return err
	}
	columns := []string{"api"}
	if !s.opts.OneAccessScopePerAPI {
		columns = append(columns, "api_resource", "http_method", "version")
	}
	for other := range s.rows("sys_api_access_scope") {
		same := !slices.ContainsFunc(columns, func(c string) bool { return other.values[c] != r.values[c] })
		if same {
			return abortedBy(r.table.Name, "Validate unique REST API path for insert")
		}
	}
	return nil
}

func authScopeAfter(s *Server, op operation, r *row, _ map[string]string) {
	if op == opDelete {
		s.removeWhere("sys_api_access_scope", "auth_scope", r.id())
		s.removeWhere("oauth_entity_auth_scope_mapping", "auth_scope", r.id())
	}
}
