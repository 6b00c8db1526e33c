package servicenow

import "strings"

const (
	basicRestriction   = "glide.authenticate.basic_auth.restriction."
	basicAllowedRoles  = "glide.authenticate.basic_auth.allowed_roles"
	basicAuthRole      = "snc_basic_auth_api_access"
	midServerRole      = "mid_server"
	restAPIRole        = "snc_platform_rest_api_access"
	basicDecisionDeny  = "deny"
	basicDecisionAllow = "allow"
)

// seedBasicAuth writes the properties of the restriction, which Zurich has switched off and Australia enforces. The
// names are documented; the values of default_decision are inferred.
func (s *Server) seedBasicAuth() {
	if !s.opts.Release.atLeast(Zurich) {
		return
	}
	enforced, date := "false", ""
	if s.opts.Release.atLeast(Australia) {
		enforced, date = "true", "2026-06-01 00:00:00"
	}
	s.setProperty(basicRestriction+"active", "true")
	s.setProperty(basicRestriction+"enforce", enforced)
	s.setProperty(basicRestriction+"enforcement_date", date)
	s.setProperty(basicRestriction+"default_decision", basicDecisionDeny)
	s.setProperty(basicAllowedRoles, basicAuthRole)
}

// basicAuthRefused reports whether the instance refuses basic authentication to a user whose password is right:
// interactive accounts, administrators included. Only roles that are really held count; admin implies none of them.
func (s *Server) basicAuthRefused(user *row) bool {
	if s.property(basicRestriction+"active") != "true" || s.property(basicRestriction+"enforce") != "true" ||
		s.property(basicRestriction+"default_decision") == basicDecisionAllow {
		return false
	}
	if date := s.property(basicRestriction + "enforcement_date"); date != "" && normaliseTime(date) > s.stamp() {
		return false
	}
	held := s.rolesOf(user.id())
	if user.values["web_service_access_only"] == "true" || held[midServerRole] {
		return false
	}
	for _, role := range strings.Split(s.property(basicAllowedRoles), ",") {
		if held[strings.TrimSpace(role)] {
			return false
		}
	}
	return true
}
