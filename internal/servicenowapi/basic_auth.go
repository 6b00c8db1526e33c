package servicenowapi

import (
	"context"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// The properties by which an instance refuses basic authentication to people's accounts, administrators included.
const (
	basicAuthRestriction  = "glide.authenticate.basic_auth.restriction."
	basicAuthAllowedRoles = "glide.authenticate.basic_auth.allowed_roles"
)

// BasicAuthRestriction is what an instance says about basic authentication of people's accounts.
type BasicAuthRestriction struct {
	// Enforced means that it is refused, from From on, "2026-06-01 00:00:00" in UTC; empty From: now.
	Enforced bool
	From     string
	roles    []string // that are exempt
}

// Begun reports whether the refusal is in force.
func (r BasicAuthRestriction) Begun(s *Client) bool {
	return r.Enforced && (r.From == "" || r.From <= s.now().Format(record.TimeLayout))
}

// BasicAuthRestriction reads the instance's properties. An account that may not read them sees no restriction.
//
// Source: ServiceNow, platform security of Zurich patch 6 and Australia, KB3025707.
func (s *Client) BasicAuthRestriction(ctx context.Context) BasicAuthRestriction {
	property := func(name string) string {
		match := record.Match{Values: map[string]string{"name": name}}
		rows, err := s.Table("sys_properties").Find(ctx, match, []string{"value"}, 1)
		if err != nil || len(rows) != 1 {
			return ""
		}
		return rows[0].Text("value")
	}
	if property(basicAuthRestriction+"active") != "true" || property(basicAuthRestriction+"enforce") != "true" ||
		property(basicAuthRestriction+"default_decision") == "allow" {
		return BasicAuthRestriction{}
	}
	return BasicAuthRestriction{
		Enforced: true, From: property(basicAuthRestriction + "enforcement_date"),
		roles: strings.FieldsFunc("mid_server,"+property(basicAuthAllowedRoles), func(r rune) bool {
			return r == ',' || r == ' '
		}),
	}
}

// RefusesBasicAuth reports whether the restriction hits a user; known is false where the account cannot see that.
func (s *Client) RefusesBasicAuth(ctx context.Context, r BasicAuthRestriction, userName string) (refused, known bool) {
	if !r.Enforced {
		return false, true
	}
	match := record.Match{Values: map[string]string{"user_name": userName}}
	users, err := s.Table("sys_user").Find(ctx, match, []string{"web_service_access_only"}, 2)
	if err != nil || len(users) != 1 {
		return false, false
	}
	switch users[0].Text("web_service_access_only") {
	case "true":
		return false, true
	case "false":
	default:
		return false, false
	}
	for _, role := range r.roles {
		held := record.Match{Values: map[string]string{"user": users[0].ID, "role.name": role}}
		if rows, err := s.Table("sys_user_has_role").Find(ctx, held, nil, 1); err == nil && len(rows) > 0 {
			return false, true
		}
	}
	return true, true
}
