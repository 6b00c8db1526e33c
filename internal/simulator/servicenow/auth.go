package servicenow

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// authMethod is how a request proved who it is; access policies admit or refuse by it.
type authMethod string

const (
	authNone      authMethod = ""
	authBasic     authMethod = "basic"
	authBearer    authMethod = "bearer"
	authKeyHeader authMethod = "api key header"
	authKeyQuery  authMethod = "api key query"
	authSession   authMethod = "session"
)

const apiKeyName = "x-sn-apikey" //nolint:gosec // a header's name, no credential

// credential is a proven identity, before access policies have their say.
type credential struct {
	method    authMethod
	user      *row
	client    *row // oauth_entity of a token
	key       *row // api_key, and the sys_token_auth_parameter it came in by
	parameter *row
}

// caller is the identity a request runs as.
type caller struct {
	userID, userName string
	roles            map[string]bool
}

func (c *caller) may(roles []string) bool {
	if c.roles["admin"] {
		return true
	}
	return slices.ContainsFunc(roles, func(entry string) bool {
		for role := range strings.SplitSeq(entry, "+") {
			if role != "*" && !c.roles[role] {
				return false
			}
		}
		return true
	})
}

// token is an OAuth access or refresh token.
type token struct {
	user    string // sys_id
	client  string // sys_id of the oauth_entity
	expires time.Time
	refresh bool
}

// authenticate looks at the Authorization header first, then at the API key. No user means: not authenticated.
func (s *Server) authenticate(c *call) credential {
	header := c.header.Get("Authorization")
	scheme, value, _ := strings.Cut(header, " ")
	switch {
	case strings.EqualFold(scheme, "Basic"):
		return credential{method: authBasic, user: s.basicUser(value)}
	case strings.EqualFold(scheme, "Bearer"):
		user, client := s.tokenUser(value)
		return credential{method: authBearer, user: user, client: client}
	}
	for p := range s.rows("sys_token_auth_parameter") {
		name, method := p.values["parameter_name"], authKeyQuery
		value := c.query.Get(name)
		if p.values["type"] == "auth_header" {
			method, value = authKeyHeader, strings.TrimPrefix(c.header.Get(name), p.values["prefix"])
		}
		if value != "" {
			key, user := s.keyUser(value)
			return credential{method: method, key: key, user: user, parameter: p}
		}
	}
	if cred, ok := s.sessionCredential(c); ok {
		return cred
	}
	return credential{method: authNone}
}

func (s *Server) basicUser(encoded string) *row {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil
	}
	name, password, _ := strings.Cut(string(raw), ":")
	user := s.userNamed(name)
	if user == nil || !canLogIn(user) || !s.passwordMatches(user, password) ||
		s.basicAuthRefused(user) {
		return nil
	}
	return user
}

func (s *Server) userNamed(name string) *row {
	for r := range s.rows("sys_user") {
		if name != "" && strings.EqualFold(r.values["user_name"], name) {
			return r
		}
	}
	return nil
}

func canLogIn(user *row) bool { return user.has("active", "true", "locked_out", "false") }

func (s *Server) tokenUser(value string) (user, client *row) {
	t := s.tokens[value]
	if t == nil || t.refresh || !s.now().Before(t.expires) {
		return nil, nil
	}
	client = s.findIn("oauth_entity", t.client)
	user = s.findIn("sys_user", t.user)
	if client == nil || client.values["active"] != "true" || user == nil || !canLogIn(user) {
		return nil, nil
	}
	return user, client
}

func (s *Server) keyUser(value string) (key, user *row) {
	for r := range s.rows("api_key") {
		if r.secrets["token"] != value || r.values["active"] != "true" {
			continue
		}
		if expires := r.values["expires"]; expires != "" && expires <= s.stamp() {
			return nil, nil
		}
		if user := s.findIn("sys_user", r.values["user"]); user != nil && canLogIn(user) {
			return r, user
		}
	}
	return nil, nil
}

func (s *Server) callerOf(c credential) *caller {
	return &caller{userID: c.user.id(), userName: c.user.values["user_name"], roles: s.rolesOf(c.user.id())}
}

// rolesOf returns the names of the roles that a user holds, directly or not.
func (s *Server) rolesOf(userID string) map[string]bool {
	if held := s.roles[userID]; held != nil {
		return held
	}
	held := map[string]bool{}
	for r := range s.rows("sys_user_has_role") {
		if r.has("user", userID, "state", "active") {
			if role := s.findIn("sys_user_role", r.values["role"]); role != nil {
				held[role.values["name"]] = true
			}
		}
	}
	s.roles[userID] = held
	return held
}

// RevokeTokens makes every issued OAuth token invalid, as an administrator does in Manage Tokens.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
	clear(s.sessions)
}
