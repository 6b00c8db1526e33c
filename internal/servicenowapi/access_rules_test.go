package servicenowapi

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// rowsWith are an instance's rows of access: a profile of each kind, and the policies with the profiles that they map.
func rowsWith(policies map[string]accessRow, mapped map[string][]string) accessRows {
	rows := accessRows{
		policyTable: policies, mappingTable: {},
		standardProfileTable: {
			"basic": {"type": "basic_auth", "active": "true"}, "spare": {"type": "basic_auth", "active": "true"},
			"oauth": {"type": "oauth", "active": "true"}, "off": {"type": "basic_auth", "active": "false"},
		},
		keyProfileTable: {
			"key": {"auth_parameter": "query,header", "active": "true"}, "byquery": {"auth_parameter": "query"},
		},
		parameterTable: {
			"header": {"parameter_name": "X-SN-ApiKey", "type": "auth_header"},
			"query":  {"parameter_name": "x-sn-apikey", "type": "query_parameter"},
		},
	}
	for policy, profiles := range mapped {
		for _, profile := range profiles {
			rows[mappingTable][policy+"-"+profile] = accessRow{"api_access_policy": policy, "inbound_auth_profile": profile}
		}
	}
	return rows
}

func onTable(more ...string) accessRow {
	row := accessRow{"api": "t", "api_path": "now/table", "active": "true", "name": "p"}
	for pair := range slices.Chunk(more, 2) {
		row[pair[0]] = pair[1]
	}
	return row
}

func TestPolicyRefusal(t *testing.T) {
	t.Parallel()
	update := func(table, id, column, value string) RowChange {
		return RowChange{Table: table, ID: id, Values: map[string]any{column: value}}
	}
	deletion := func(table, id string) RowChange { return RowChange{Table: table, ID: id, Deleted: true} }
	mapping := func(policy, profile string) RowChange {
		return RowChange{Table: mappingTable, ID: "new", New: true, Values: map[string]any{
			"api_access_policy": policy, "inbound_auth_profile": profile,
		}}
	}
	policy := func(values accessRow, profiles ...string) RowChange {
		c := RowChange{Table: policyTable, ID: "new", New: true, Values: map[string]any{}, Profiles: profiles}
		for column, value := range values {
			c.Values[column] = value
		}
		return c
	}
	global := accessRow{"apply_global": "true", "active": "true", "name": "g"}
	one := map[string]accessRow{"p": onTable()}
	for name, test := range map[string]struct {
		own      AuthKind
		policies map[string]accessRow
		mapped   map[string][]string
		changes  []RowChange
		refused  bool
	}{
		"the only profile is deleted": {
			AuthBasic, one, map[string][]string{"p": {"basic"}}, []RowChange{
				deletion(standardProfileTable, "basic"),
			}, true,
		},
		"one of two is deleted": {
			AuthBasic, one, map[string][]string{"p": {"basic", "spare"}}, []RowChange{
				deletion(standardProfileTable, "basic"),
			}, false,
		},
		"another method's is deleted": {
			AuthBasic, one, map[string][]string{"p": {"basic", "oauth"}}, []RowChange{
				deletion(standardProfileTable, "oauth"),
			}, false,
		},
		"by its base table": {
			AuthBasic, one, map[string][]string{"p": {"basic", "key"}}, []RowChange{
				update("inbound_auth_profile", "basic", "active", "0"),
			}, true,
		},
		"by the base of all": {
			AuthBasic, one, map[string][]string{"p": {"basic", "key"}}, []RowChange{
				deletion("sys_metadata", "p-basic"),
			}, true,
		},
		"its method changes": {
			AuthBasic, one, map[string][]string{"p": {"basic", "key"}}, []RowChange{
				update(standardProfileTable, "basic", "type", "oauth"),
			}, true,
		},
		"its method changes to ours": {
			AuthToken, one, map[string][]string{"p": {"basic", "oauth"}}, []RowChange{
				update(standardProfileTable, "basic", "type", "id_token"),
			}, false,
		},
		"an unmapped one changes": {
			AuthBasic, one, map[string][]string{"p": {"basic"}}, []RowChange{
				update(standardProfileTable, "spare", "active", "false"),
			}, false,
		},
		"shut already": {
			AuthBasic, one, map[string][]string{"p": {"oauth"}}, []RowChange{
				update(standardProfileTable, "oauth", "type", "id_token"),
			}, false,
		},
		"an empty policy stays empty": {
			AuthBasic, one, nil, []RowChange{
				update(policyTable, "p", "http_method", "GET"),
			}, false,
		},
		"an empty policy gets a key": {
			AuthBasic, one, nil, []RowChange{
				mapping("p", "key"),
			}, true,
		},
		"an empty policy gets ours": {
			AuthBasic, one, nil, []RowChange{
				mapping("p", "basic"),
			}, false,
		},
		"a key's profile is switched on": {
			AuthBasic, one, map[string][]string{"p": {"off", "byquery"}}, []RowChange{
				update(keyProfileTable, "byquery", "active", "true"),
			}, false,
		},
		"ours is switched on": {
			AuthBasic, one, map[string][]string{"p": {"off"}}, []RowChange{
				update(standardProfileTable, "off", "active", "true"),
			}, false,
		},
		"another's is switched on": {
			AuthToken, one, map[string][]string{"p": {"off"}}, []RowChange{
				update(standardProfileTable, "off", "active", "true"),
			}, true,
		},
		"a narrow policy shuts": {
			AuthBasic, one, map[string][]string{"p": {"basic"}}, []RowChange{
				policy(onTable("api_tablename", "incident"), "oauth"),
			}, true,
		},
		"a narrow policy of ours": {
			AuthBasic, one, map[string][]string{"p": {"basic"}}, []RowChange{
				policy(onTable("api_tablename", "incident"), "basic"),
			}, false,
		},
		"an inactive policy": {
			AuthBasic, one, map[string][]string{"p": {"basic"}}, []RowChange{
				policy(onTable("active", "false"), "oauth"),
			}, false,
		},
		"a policy of another API": {
			AuthBasic, nil, nil, []RowChange{
				policy(accessRow{"api": "other", "active": "true"}, "key"),
			}, false,
		},
		"a policy of an unknown API": {
			AuthBasic, nil, nil, []RowChange{
				policy(accessRow{"api": "unknown", "active": "true"}, "key"),
			}, true,
		},
		"a policy without an API": {
			AuthBasic, nil, nil, []RowChange{
				policy(accessRow{"active": "true"}, "key"),
			}, false,
		},
		"a global policy": {
			AuthBasic, nil, nil, []RowChange{
				policy(global, "oauth"),
			}, true,
		},
		"a global policy of ours": {
			AuthBasic, nil, nil, []RowChange{
				policy(global, "oauth", "basic"),
			}, false,
		},
		"a policy moves to the Table API": {
			AuthBasic,
			map[string]accessRow{"p": {"api": "other", "api_path": "x/y", "active": "true"}},
			map[string][]string{"p": {"key"}},
			[]RowChange{update(policyTable, "p", "api", "t")},
			true,
		},
		"a shutting policy grows": {
			AuthBasic,
			map[string]accessRow{"p": onTable("http_method", "GET")},
			map[string][]string{"p": {"oauth"}},
			[]RowChange{update(policyTable, "p", "apply_all", "true")},
			true,
		},
		"a shutting policy shrinks": {
			AuthBasic, one,
			map[string][]string{"p": {"oauth"}},
			[]RowChange{update(policyTable, "p", "http_method", "GET")},
			false,
		},
		"what kept a global policy from us goes": {
			AuthBasic,
			map[string]accessRow{"p": onTable(), "g": global},
			map[string][]string{"p": {"basic"}, "g": {"oauth"}},
			[]RowChange{deletion(policyTable, "p")},
			true,
		},
		"one of two policies goes": {
			AuthAPIKey,
			map[string]accessRow{"p": onTable(), "q": onTable()},
			map[string][]string{"p": {"key"}, "q": {"key"}},
			[]RowChange{deletion(policyTable, "p")},
			false,
		},
		"the key's only policy goes": {
			AuthAPIKey, one, map[string][]string{"p": {"key"}}, []RowChange{
				deletion(policyTable, "p"),
			}, true,
		},
		"the key's only policy narrows": {
			AuthAPIKey, one, map[string][]string{"p": {"key"}}, []RowChange{
				update(policyTable, "p", "api_tablename", "incident"),
			}, true,
		},
		"a password's only policy goes": {
			AuthBasic, one, map[string][]string{"p": {"basic"}}, []RowChange{
				deletion(policyTable, "p"),
			}, false,
		},
		"the key's header is renamed": {
			AuthAPIKey, one, map[string][]string{"p": {"key", "basic"}}, []RowChange{
				update(parameterTable, "header", "parameter_name", "x"),
			}, true,
		},
		"the key's header gets a prefix": {
			AuthAPIKey, one, map[string][]string{"p": {"key", "basic"}}, []RowChange{
				update(parameterTable, "header", "prefix", "Key "),
			}, true,
		},
		"the key's header is deleted": {
			AuthAPIKey, one, map[string][]string{"p": {"key", "basic"}}, []RowChange{
				deletion(parameterTable, "header"),
			}, true,
		},
		"the key's other way is deleted": {
			AuthAPIKey, one, map[string][]string{"p": {"key", "basic"}}, []RowChange{
				deletion(parameterTable, "query"),
			}, false,
		},
		"the key's profile loses its way": {
			AuthAPIKey, one, map[string][]string{"p": {"key", "basic"}}, []RowChange{
				update(keyProfileTable, "key", "auth_parameter", "query"),
			}, true,
		},
		"a key in a global policy": {
			AuthAPIKey, one, map[string][]string{"p": {"key"}}, []RowChange{
				policy(global, "key"),
			}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := rowsWith(maps.Clone(test.policies), test.mapped)
			if before[policyTable] == nil {
				before[policyTable] = map[string]accessRow{}
			}
			after := before.with(test.changes, map[string]string{"t": "now/table", "other": "x/y"})
			view := accessView{began: time.Now(), before: before, after: after}
			err := error(nil)
			if view.concerns(test.changes) {
				err = view.policyRefusal(test.own)
			}
			if (err != nil) != test.refused {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestScopeRefusal(t *testing.T) {
	t.Parallel()
	rows := func(restriction string, held ...string) accessRows {
		a := accessRows{
			clientTable:       {"own": {"client_id": "id", "active": "true", "scope_restriction_status": restriction}},
			authScopeTable:    {"all": {"name": "useraccount"}, "some": {"name": "tickets"}},
			accessScopeTable:  {"asked": {"api": "t", "api_path": "now/table", "auth_scope": "some", "active": "true"}},
			clientScopesTable: {},
		}
		for _, scope := range held {
			a[clientScopesTable]["own-"+scope] = accessRow{"oauth_entity": "own", "auth_scope": scope}
		}
		return a
	}
	asks := func(scope, method string) RowChange {
		return RowChange{Table: accessScopeTable, ID: "new", New: true, Values: map[string]any{
			"api": "t", "auth_scope": scope, "http_method": method,
		}}
	}
	deleted := func(table, id string) RowChange { return RowChange{Table: table, ID: id, Deleted: true} }
	for name, test := range map[string]struct {
		before  accessRows
		client  string
		change  RowChange
		refused bool
	}{
		"another scope is asked for":      {rows("unrestricted", "some"), "id", asks("other", "DELETE"), true},
		"the held scope is asked for":     {rows("unrestricted", "some"), "id", asks("some", ""), false},
		"whoever holds all":               {rows("restricted", "all"), "id", asks("other", ""), false},
		"all by the restriction's name":   {rows("useraccount"), "id", asks("other", ""), false},
		"the scope is taken away":         {rows("", "some"), "id", deleted(clientScopesTable, "own-some"), true},
		"a scope goes with all that asks": {rows("", "some"), "id", deleted(authScopeTable, "some"), false},
		"a restricted client's only way": {
			rows("restricted", "some"), "id", deleted(accessScopeTable, "asked"), true,
		},
		"the client is deleted": {rows("", "some"), "id", deleted(clientTable, "own"), true},
		"a client that cannot be seen": {
			accessRows{accessScopeTable: {}, clientTable: {}}, "", asks("some", ""), true,
		},
		"shut out already": {rows("unrestricted"), "id", asks("some", ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := test.before.with([]RowChange{test.change}, map[string]string{"t": "now/table"})
			err := accessView{before: test.before, after: after, scopes: true}.scopeRefusal(test.client)
			if (err != nil) != test.refused {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

// What cannot decide is not looked into: it costs no request.
func TestMayMatter(t *testing.T) {
	t.Parallel()
	client := func(auth rest.Auth) *Client { return &Client{config: rest.Config{Auth: auth}} }
	basic, key, token := client(rest.BasicAuth{}), client(rest.APIKey{}), client(rest.BearerToken{})
	written := func(column, value string) map[string]any { return map[string]any{column: value} }
	for name, test := range map[string]struct {
		client  *Client
		change  RowChange
		matters bool
	}{
		"a new profile": {
			basic, RowChange{Table: standardProfileTable, New: true, Values: written("active", "true")}, false,
		},
		"a renamed profile":     {basic, RowChange{Table: standardProfileTable, Values: written("name", "x")}, false},
		"a profile's type":      {basic, RowChange{Table: standardProfileTable, Values: written("type", "x")}, true},
		"a profile's activity":  {basic, RowChange{Table: keyProfileTable, Values: written("active", "true")}, true},
		"a deleted profile":     {basic, RowChange{Table: standardProfileTable, Deleted: true}, true},
		"a deleted key profile": {basic, RowChange{Table: keyProfileTable, Deleted: true}, false},
		"the key's":             {key, RowChange{Table: keyProfileTable, Deleted: true}, true},
		"a new inactive policy": {
			basic, RowChange{Table: policyTable, New: true, Values: written("active", "false")}, false,
		},
		"a new policy":             {basic, RowChange{Table: policyTable, New: true}, true},
		"a policy's name":          {basic, RowChange{Table: policyTable, Values: written("name", "x")}, false},
		"a policy's method":        {basic, RowChange{Table: policyTable, Values: written("http_method", "x")}, true},
		"a new mapping":            {basic, RowChange{Table: mappingTable, New: true}, true},
		"a parameter":              {basic, RowChange{Table: parameterTable, Deleted: true}, false},
		"a parameter of the key's": {key, RowChange{Table: parameterTable, Deleted: true}, true},
		"a scope, by password":     {basic, RowChange{Table: accessScopeTable, New: true}, false},
		"a scope, by token":        {token, RowChange{Table: accessScopeTable, New: true}, true},
		"any other table":          {basic, RowChange{Table: "sys_user", Deleted: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.client.mayMatter(test.change); got != test.matters {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestRowsThatGoWithOthers takes mappings away with their policy or profile, and what refers to an auth scope with it.
func TestRowsThatGoWithOthers(t *testing.T) {
	t.Parallel()
	rows := func() accessRows {
		a := rowsWith(map[string]accessRow{"p": onTable(), "q": onTable()}, map[string][]string{
			"p": {"basic", "key"}, "q": {"basic"},
		})
		a[accessScopeTable] = map[string]accessRow{"s": {"auth_scope": "one"}, "u": {"auth_scope": "two"}}
		a[clientScopesTable] = map[string]accessRow{"m": {"auth_scope": "one"}}
		return a
	}
	for name, test := range map[string]struct {
		table, id string
		left      []string // of mappings, access scopes and scopes of clients
	}{
		"a policy":  {policyTable, "p", []string{"q-basic", "s", "u", "m"}},
		"a profile": {standardProfileTable, "basic", []string{"p-key", "s", "u", "m"}},
		"a mapping": {mappingTable, "p-key", []string{"p-basic", "q-basic", "s", "u", "m"}},
		"a scope":   {authScopeTable, "one", []string{"p-basic", "p-key", "q-basic", "u"}},
	} {
		before := rows()
		before[authScopeTable] = map[string]accessRow{"one": {}, "two": {}}
		after := before.with([]RowChange{{Table: test.table, ID: test.id, Deleted: true}}, nil)
		var left []string
		for _, table := range []string{mappingTable, accessScopeTable, clientScopesTable} {
			left = append(left, slices.Sorted(maps.Keys(after[table]))...)
		}
		if !slices.Equal(left, test.left) {
			t.Errorf("without %s there are %v, not %v", name, left, test.left)
		}
		if len(before[mappingTable]) != 3 {
			t.Errorf("%s was taken out of what was read", name)
		}
	}
}
