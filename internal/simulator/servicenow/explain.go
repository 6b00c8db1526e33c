package servicenow

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Question asks whether a request would pass: a method and path, and one credential. Without one, nobody has logged in.
type Question struct {
	Method   string `json:"method"` // default GET
	Path     string `json:"path"`   // such as "/api/now/table/incident"
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	APIKey   string `json:"api_key,omitempty"`
	In       string `json:"in,omitempty"` // where the key is sent: "header" (default) or "query"
	Token    string `json:"token,omitempty"`
}

// Explanation is what the instance would do, and why. It looks at authentication, access policies and auth scopes; what
// an ACL says of the record comes after them.
type Explanation struct {
	Passes   bool     `json:"passes"`
	Status   int      `json:"status"` // 401 or 403 when it does not pass; else 0
	Reason   string   `json:"reason"`
	User     string   `json:"user,omitempty"`     // user_name that the request would run as
	Policies []Policy `json:"policies,omitempty"` // those that decided: the closest ones with a mapped profile
}

// Policy is a sys_api_access_policy row with the names of the profiles that are mapped to it.
type Policy struct {
	ID       string   `json:"sys_id"`
	Name     string   `json:"name"`
	Profiles []string `json:"profiles"`
}

// Explain answers a question without sending a request: nothing is logged and nothing changes.
func (s *Server) Explain(q Question) Explanation {
	method := strings.ToUpper(orElse(q.Method, http.MethodGet))
	path, query, _ := strings.Cut(q.Path, "?")
	values, err := url.ParseQuery(query)
	if err != nil || !strings.HasPrefix(path, "/api/") {
		return Explanation{Reason: "the path is not one of the REST APIs, which begin with /api/"}
	}
	c := &call{method: method, path: path, query: values, header: http.Header{}}
	switch {
	case q.Token != "":
		c.header.Set("Authorization", "Bearer "+q.Token)
	case q.APIKey != "" && q.In == "query":
		c.query.Set(apiKeyName, q.APIKey)
	case q.APIKey != "":
		c.header.Set(apiKeyName, q.APIKey)
	case q.User != "":
		r := &http.Request{Header: c.header}
		r.SetBasicAuth(q.User, q.Password)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cred := s.authenticate(c)
	if cred.user == nil {
		return Explanation{Status: http.StatusUnauthorized, Reason: noIdentity(cred)}
	}
	d := s.decide(c, cred)
	e := Explanation{User: cred.user.values["user_name"], Policies: s.policiesOf(d)}
	switch {
	case !d.admitted:
		e.Status, e.Reason = http.StatusUnauthorized, refusedBy(d, cred)
		return e
	case len(d.policies) == 0:
		e.Reason = "no access policy with a mapped profile covers the request, so basic and OAuth pass"
	default:
		e.Reason = fmt.Sprintf("the access policy maps a profile for this method (%s)", cred.method)
	}
	if no := s.scopeRefusal(c, cred); no != nil {
		e.Status, e.Reason = no.status, "an auth scope: "+no.message()
		return e
	}
	e.Passes = true
	return e
}

func noIdentity(cred credential) string {
	switch cred.method {
	case authNone:
		return "the request carries no credential that this instance looks at"
	case authBasic:
		return "wrong user name or password, or a user who is inactive, locked out or may not use basic authentication"
	case authBearer:
		return "the token is unknown, revoked or expired, or its client or user is inactive"
	case authKeyHeader, authKeyQuery, authSession:
	}
	return "the key is unknown, inactive or expired, or its user is inactive"
}

func refusedBy(d decision, cred credential) string {
	if len(d.policies) == 0 {
		return "no access policy covers the request, and an API key passes only where one maps a profile for it"
	}
	return fmt.Sprintf("the access policy maps other profiles only, which excludes this method (%s)", cred.method)
}

func (s *Server) policiesOf(d decision) []Policy {
	var policies []Policy
	for _, p := range d.policies {
		policy := Policy{ID: p.id(), Name: p.values["name"], Profiles: []string{}}
		for _, profile := range s.profilesOf(p) {
			policy.Profiles = append(policy.Profiles, profile.values["name"]+" ("+profile.values["type"]+")")
		}
		policies = append(policies, policy)
	}
	return policies
}
