package servicenow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// heldScopes is the list of auth scopes that an OAuth client holds.
var heldScopes = listedRows{"oauth_entity_auth_scope_mapping", "auth_scope"}

const (
	// restrictionColumn came with Yokohama. Since Zurich its default is a client whose tokens open no API without an auth
	// scope.
	restrictionColumn = "scope_restriction_status"
	unrestricted      = "unrestricted"
)

// oauthClientStore keeps an OAuth client and one row per auth scope as one record.
type oauthClientStore struct {
	clients, mappings *servicenowapi.Table
	// class is the clients' own table where that has child classes, whose rows are none of these.
	class string
}

var _ interface {
	record.Store
	record.Finder
} = oauthClientStore{}

// newOAuthClientStore keeps to clients that are of no child class.
func newOAuthClientStore(c *lifecycle.Servers) record.Store {
	return oauthClientStore{
		clients: c.ServiceNow.Table("oauth_entity"), mappings: c.ServiceNow.Table(heldScopes.table), class: "oauth_entity",
	}
}

func newOAuthJWTEndpointStore(c *lifecycle.Servers) record.Store {
	return oauthClientStore{clients: c.ServiceNow.Table("oauth_jwt"), mappings: c.ServiceNow.Table(heldScopes.table)}
}

const classColumn = "sys_class_name"

func scopesOf(r record.Record) []string {
	ids, _ := heldScopes.in(r)
	return ids
}

func (s oauthClientStore) columns(columns []string) []string {
	own := heldScopes.outOfColumns(columns)
	if s.class != "" {
		own = append(own, classColumn)
	}
	return own
}

func (s oauthClientStore) write(want record.Write) record.Write {
	want.Record, want.Columns = heldScopes.outOf(want.Record), s.columns(want.Columns)
	return want
}

// Find looks clients up, for imports.
func (s oauthClientStore) Find(
	ctx context.Context, match record.Match, columns []string, limit int,
) ([]record.Record, error) {
	if s.class != "" {
		match.Values = maps.Clone(match.Values)
		match.Values[classColumn] = s.class
	}
	return s.clients.Find(ctx, match, s.columns(columns), limit)
}

// Each lists the clients with their scopes.
func (s oauthClientStore) Each(
	ctx context.Context, query string, columns []string, limit int, do func(record.Record) error,
) (hidden int, err error) {
	if s.class != "" {
		query = joinQuery(query, classColumn+"="+s.class)
	}
	return s.clients.Each(ctx, query, s.columns(columns), limit, func(client record.Record) error {
		if s.class != "" && client.Text(classColumn) != s.class {
			return nil
		}
		got, err := s.withScopes(ctx, record.Answer{Record: client}, false)
		if err != nil {
			return err
		}
		return do(got.Record)
	})
}

func joinQuery(query, term string) string {
	if query == "" {
		return term
	}
	return term + "^" + query
}

func (s oauthClientStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	client, scopes := s.write(want), scopesOf(want.Record)
	if s.class != "" {
		// Named, so that a client of a child class with the same name is neither a duplicate nor taken for this one.
		client.Values[classColumn] = s.class
		client.Key = append(slices.Clone(client.Key), classColumn)
	}
	if want.Values[restrictionColumn] == nil && len(scopes) == 0 {
		client.Values[restrictionColumn] = unrestricted
	}
	got, err := s.clients.Create(ctx, client)
	if err != nil {
		return got, err
	}
	if err := refusesRestriction(want, got); err != nil {
		return got, err
	}
	return s.change(ctx, got, nil, scopes)
}

// refusesRestriction reports a restriction that an instance without the column dropped. Without it a client is
// unrestricted, so that alone is kept.
func refusesRestriction(want record.Write, got record.Answer) error {
	wanted := want.Text(restrictionColumn)
	_, there := got.Values[restrictionColumn]
	if wanted == unrestricted && !there {
		got.Values[restrictionColumn] = unrestricted // what every client of such an instance is
	}
	if wanted == "" || wanted == unrestricted || there {
		return nil
	}
	return fmt.Errorf("scope_restriction = %q was not kept: the instance has no column %s (it came with Yokohama and "+
		"Zurich) or keeps it from the account. The client exists, and its tokens are not restricted", wanted,
		restrictionColumn)
}

func (s oauthClientStore) Update(
	ctx context.Context, have record.Record, want record.Write,
) (record.Answer, error) {
	client := s.write(want)
	got, err := s.clients.Update(ctx, heldScopes.outOf(have), client)
	if err != nil {
		return got, err
	}
	before, after := scopesOf(have), scopesOf(want.Record)
	if _, changed := record.ChangedValues(have, want.Record)[restrictionColumn]; changed {
		if err := refusesRestriction(want, got); err != nil {
			return heldScopes.with(got, before), err
		}
	}
	if len(before)+len(after) == 0 {
		return got, nil
	}
	rows, err := s.rows(ctx, have.ID)
	if err != nil {
		return heldScopes.with(got, before), err
	}
	return s.change(ctx, got, rows, after)
}

// change maps exactly these scopes, and returns which are mapped, even when one of the writes failed.
func (s oauthClientStore) change(
	ctx context.Context, client record.Answer, rows []record.Record, scopes []string,
) (record.Answer, error) {
	var mapped []string
	var surplus []record.Record
	for _, row := range rows {
		id := row.Text("auth_scope")
		if slices.Contains(scopes, id) && !slices.Contains(mapped, id) {
			mapped = append(mapped, id)
			continue
		}
		surplus = append(surplus, row)
	}
	remaining := func(i int) []string { return slices.Concat(mapped, heldScopes.idsOf(surplus[i:])) }
	for _, id := range scopes {
		if slices.Contains(mapped, id) {
			continue
		}
		_, err := s.mappings.Create(ctx, record.Write{
			Record: record.Record{Scope: client.Scope, Values: map[string]any{
				"oauth_entity": client.ID, "auth_scope": id,
			}},
			Columns: []string{"oauth_entity", "auth_scope"}, Key: []string{"oauth_entity", "auth_scope"},
			Defaulted: true, LookedUp: true,
		})
		if err != nil {
			return heldScopes.with(client, remaining(0)), fmt.Errorf("granting the client the auth scope %s: %w", id, err)
		}
		mapped = append(mapped, id)
	}
	for i, row := range surplus {
		if _, err := s.mappings.Delete(ctx, row, record.Options{}); err != nil {
			return heldScopes.with(client, remaining(i)), fmt.Errorf("taking the auth scope %s from the client: %w",
				row.Text("auth_scope"), err)
		}
	}
	return heldScopes.with(client, mapped), nil
}

// rows lists the mappings of one client. One that access control hides is an error: leaving it out would plan it anew.
func (s oauthClientStore) rows(ctx context.Context, client string) ([]record.Record, error) {
	rows, err := s.mappings.Children(ctx, "oauth_entity", client, []string{heldScopes.id, "sys_scope"})
	if err != nil {
		return nil, fmt.Errorf("reading the client's auth scopes: %w", err)
	}
	return rows, nil
}

// Read returns the client, and its scopes where they are owned or where nothing is known of it yet, as after an import.
func (s oauthClientStore) Read(
	ctx context.Context, have record.Record, columns []string,
) (record.Answer, error) {
	got, err := s.clients.Read(ctx, heldScopes.outOf(have), s.columns(columns))
	if err != nil {
		return got, err
	}
	if class := got.Text(classColumn); s.class != "" && class != "" && class != s.class {
		return record.Answer{}, fmt.Errorf("the record is of the class %s, which is another kind of client than %s", class,
			s.class)
	}
	if len(scopesOf(have)) == 0 && have.Revision != "" {
		return got, nil
	}
	return s.withScopes(ctx, got, len(scopesOf(have)) > 0)
}

// withScopes adds the scopes of a client. An instance without the mapping table has none.
func (s oauthClientStore) withScopes(ctx context.Context, got record.Answer, owned bool) (record.Answer, error) {
	rows, err := s.rows(ctx, got.ID)
	switch {
	case servicenowapi.IsMissingTable(err):
		return heldScopes.with(got, nil), nil
	case err != nil && !owned && rest.HasStatus(err, http.StatusForbidden):
		got.Warnings = append(got.Warnings, fmt.Sprintf("Which auth scopes the client %s holds is not known, so "+
			"auth_scope_ids is left alone: %s.", got.Text("name"), err))
		return got, nil
	case err != nil:
		return record.Answer{}, err
	}
	ids := heldScopes.idsOf(rows)
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			got.Warnings = append(got.Warnings, fmt.Sprintf("The client %s holds the auth scope %s more than once. The next "+
				"write of it removes the surplus rows of %s.", got.Text("name"), id, heldScopes.table))
		}
	}
	return heldScopes.with(got, ids), nil
}

func (s oauthClientStore) Delete(
	ctx context.Context, have record.Record, options record.Options,
) ([]string, error) {
	if len(scopesOf(have)) > 0 {
		rows, err := s.rows(ctx, have.ID)
		if err != nil && !errors.Is(err, record.ErrNotFound) {
			return nil, err
		}
		for _, row := range rows {
			if _, err := s.mappings.Delete(ctx, row, record.Options{}); err != nil {
				return nil, fmt.Errorf("taking the auth scope %s from the client: %w", row.Text("auth_scope"), err)
			}
		}
	}
	return s.clients.Delete(ctx, heldScopes.outOf(have), options)
}
