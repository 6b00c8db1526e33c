package servicenowapi

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// The tables that decide which APIs an access token opens. Scopes are read at each request, so a change of them hits
// tokens that were issued before.
const (
	accessScopeTable  = "sys_api_access_scope"
	authScopeTable    = "sys_auth_scope"
	clientScopesTable = "oauth_entity_auth_scope_mapping"
	clientTable       = "oauth_entity"
	jwtClientTable    = "oauth_jwt"
)

// scopeTables are those of auth scopes, which decide about access tokens only.
var scopeTables = []string{accessScopeTable, authScopeTable, clientScopesTable, clientTable, jwtClientTable}

const (
	unrestrictedClient = "unrestricted"
	// universalScope is the auth scope that opens every API.
	universalScope = "useraccount"
)

// clientID is that of the OAuth client which this connection's tokens come from; "" where nobody knows.
func (s *Client) clientID() string {
	switch auth := s.config.Auth.(type) {
	case rest.JWTBearer:
		return auth.ClientID
	case rest.ClientCredentials:
		return auth.ClientID
	case rest.PasswordGrant:
		return auth.ClientID
	}
	return ""
}

// tokenScopes are what a client's tokens may do.
type tokenScopes struct {
	held             map[string]bool // sys_ids of auth scopes
	everything       bool
	restricted, gone bool
}

// scopesOf returns what the tokens of a client may do, which is nothing special where it is not known.
func (a accessRows) scopesOf(clientID string) tokenScopes {
	t := tokenScopes{held: map[string]bool{}}
	if clientID == "" {
		return t
	}
	t.gone = true
	for id, client := range a[clientTable] {
		if client["client_id"] != clientID {
			continue
		}
		t.gone = !isActive(client)
		status := client["scope_restriction_status"]
		t.restricted = status != "" && status != unrestrictedClient
		for _, m := range a[clientScopesTable] {
			if m["oauth_entity"] == id {
				t.held[m["auth_scope"]] = true
			}
		}
		for scope, row := range a[authScopeTable] {
			if t.restricted && row["name"] == status {
				t.held[scope] = true
			}
		}
	}
	for scope := range t.held {
		t.everything = t.everything || a[authScopeTable][scope]["name"] == universalScope
	}
	return t
}

// opens reports whether tokens with these scopes may send a request to the Table API. Every record that covers the
// request asks for its scope; without any, clients that are not restricted get in.
func (a accessRows) opens(request map[string]string, t tokenScopes) bool {
	if t.gone || t.everything {
		return !t.gone
	}
	asked := false
	for _, row := range a[accessScopeTable] {
		if !isActive(row) || !IsTablePath(row["api_path"]) {
			continue
		}
		if _, covered := row.covers(request); !covered {
			continue
		}
		asked = true
		if !t.held[row["auth_scope"]] {
			return false
		}
	}
	return asked || !t.restricted
}

// knownClient is a client's id where its row can be seen, and "" otherwise.
func (v accessView) knownClient(clientID string) string {
	for _, client := range v.before[clientTable] {
		if client["client_id"] == clientID {
			return clientID
		}
	}
	return ""
}

// movesScopes reports whether the change touches what our tokens hold or what the Table API asks for.
func (v accessView) movesScopes(clientID string) bool {
	clientID = v.knownClient(clientID)
	return !reflect.DeepEqual(v.before.scopesOf(clientID), v.after.scopesOf(clientID)) ||
		!reflect.DeepEqual(v.before[accessScopeTable], v.after[accessScopeTable])
}

// scopeRefusal reports why the change would take the Table API from this connection's tokens.
func (v accessView) scopeRefusal(clientID string) error {
	clientID = v.knownClient(clientID)
	before, after := v.before.scopesOf(clientID), v.after.scopesOf(clientID)
	for _, request := range requests(narrowedBy(accessScopeTable, v.before, v.after)) {
		if request["api"] != tableAPIPath || !v.before.opens(request, before) || v.after.opens(request, after) {
			continue
		}
		client := "its OAuth client " + clientID
		if clientID == "" {
			client = "the OAuth client of its token, which cannot be seen,"
		}
		return &LockoutError{lockoutSummary, fmt.Sprintf("The provider logs in with %s, and afterwards %s is not known to "+
			"hold an auth scope that opens the whole Table API, so the instance would answer 403 to everything that follows, "+
			"to the repair of this as well. Give that client the scope first (auth_scope_ids; %q opens every API), or log in "+
			"with basic authentication, which scopes do not restrict. If the lock-out is meant, set allow_lockout = true in "+
			"the provider block.", AuthToken, client, universalScope)}
	}
	return nil
}

// narrowedBy collects what the rows of a table that concern the Table API are narrowed to, by column.
func narrowedBy(table string, views ...accessRows) map[string]map[string]bool {
	narrowed := map[string]map[string]bool{}
	for _, n := range narrowings {
		narrowed[n.column] = map[string]bool{"": true} // anything else
	}
	for _, view := range views {
		for _, row := range view[table] {
			if !isActive(row) || !IsTrue(row["apply_global"]) && !IsTablePath(row["api_path"]) {
				continue
			}
			for _, n := range narrowings {
				for _, value := range row.part(n.column, n.all) {
					narrowed[n.column][value] = true
				}
			}
		}
	}
	return narrowed
}

// requests lists one request for each combination of values, to the Table API and to any other.
func requests(narrowed map[string]map[string]bool) []map[string]string {
	all := []map[string]string{{"api": tableAPIPath}, {"api": ""}}
	for _, n := range narrowings {
		var further []map[string]string
		for _, request := range all {
			for _, value := range slices.Sorted(maps.Keys(narrowed[n.column])) {
				r := maps.Clone(request)
				r[n.column] = value
				further = append(further, r)
			}
		}
		all = further
	}
	return all
}
