package servicenow

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// endpoint is what access policies, access scopes and CORS rules see of a request.
type endpoint struct {
	api      string // sys_id that sys_api_access_policy.api and sys_cors_rule.rest_api hold
	version  string
	resource string // e.g. /now/table/{tableName}
	table    string
}

func (s *Server) endpointOf(path string) endpoint {
	seg := strings.Split(strings.Trim(strings.TrimPrefix(path, "/api/"), "/"), "/")
	if seg[0] == "now" && len(seg) > 1 {
		var e endpoint
		rest := seg[1:]
		if rest[0] == "v1" || rest[0] == "v2" || rest[0] == "latest" {
			e.version, rest = rest[0], rest[1:]
		}
		if len(rest) == 0 {
			return e
		}
		for _, api := range builtInAPIs {
			if api.path == "now/"+rest[0] {
				e.api = api.id
			}
		}
		e.resource = "/now/" + rest[0]
		if len(rest) > 1 {
			e.resource += "/{tableName}"
			e.table = rest[1]
		}
		if len(rest) > 2 {
			e.resource += "/{sys_id}"
		}
		return e
	}
	if seg[0] == "sn_cicd" {
		for _, api := range builtInAPIs {
			if api.path == seg[0] {
				return endpoint{api: api.id, resource: "/" + strings.Join(seg, "/")}
			}
		}
	}
	if api := s.webService(path); api != nil {
		return endpoint{api: api.id(), resource: strings.TrimPrefix(path, "/api")}
	}
	return endpoint{}
}

// covers reports whether an access policy or access scope applies to a request, and how closely it names it: the
// closest policy wins. A part that names nothing applies to everything.
func (s *Server) covers(r *row, method string, e endpoint) (closeness int, ok bool) {
	v := r.values
	if v["active"] != "true" {
		return 0, false
	}
	if v["apply_global"] == "true" {
		return 0, true
	}
	if v["api"] == "" || v["api"] != e.api {
		return 0, false
	}
	closeness = 1
	part := func(value string, all bool, matches bool) bool {
		if all || value == "" || v["apply_all"] == "true" {
			return true
		}
		closeness++
		return matches
	}
	tables := strings.Split(v["api_tablename"], ",")
	named := slices.Contains(tables, e.table)
	if r := s.where("sys_db_object", "name", e.table); r != nil {
		named = named || slices.Contains(tables, r.id())
	}
	ok = part(v["http_method"], v["apply_all_methods"] == "true", strings.EqualFold(v["http_method"], method)) &&
		part(v["version"], v["apply_all_versions"] == "true", v["version"] == e.version) &&
		part(v["api_resource"], v["apply_all_resources"] == "true", sameResource(v["api_resource"], e.resource)) &&
		part(v["api_tablename"], v["apply_all_tables"] == "true", named)
	return closeness, ok
}

func sameResource(a, b string) bool { return strings.Trim(a, "/") == strings.Trim(b, "/") }

// admitted applies the REST API access policies. Where the closest policy maps any active profile, only methods with a
// mapped profile pass: mapping one method excludes the others, which is how people lock themselves out. API keys pass
// nowhere else, and never by a global policy.
func (s *Server) admitted(c *call, cred credential) bool { return s.decide(c, cred).admitted }

// decision is what the access policies say of a request, and which of them said it.
type decision struct {
	admitted bool
	policies []*row // the closest policies with a mapped profile; none: the platform's own rule decided
	profiles []*row // what they map
}

func (s *Server) decide(c *call, cred credential) decision {
	if cred.method == authSession {
		return decision{admitted: true} // policies are about inbound authentication; inferred
	}
	e := s.endpointOf(c.path)
	best := -1
	var d decision
	for p := range s.rows("sys_api_access_policy") {
		closeness, ok := s.covers(p, c.method, e)
		if !ok || closeness < best {
			continue
		}
		mapped := s.profilesOf(p)
		if len(mapped) == 0 {
			continue
		}
		if closeness > best {
			best, d.policies, d.profiles = closeness, nil, nil
		}
		d.policies, d.profiles = append(d.policies, p), append(d.profiles, mapped...)
	}
	if best < 0 {
		d.admitted = cred.method == authBasic || cred.method == authBearer
		return d
	}
	d.admitted = slices.ContainsFunc(d.profiles, func(profile *row) bool {
		switch {
		case profile.table.is("std_http_auth"):
			basic := profile.values["type"] == "basic_auth"
			return basic && cred.method == authBasic || !basic && cred.method == authBearer
		case profile.table.is("http_key_auth") && best > 0 && cred.parameter != nil:
			return slices.Contains(strings.Split(profile.values["auth_parameter"], ","), cred.parameter.id())
		default:
			return false
		}
	})
	return d
}

// profilesOf returns the active profiles mapped to a policy.
func (s *Server) profilesOf(policy *row) []*row {
	var profiles []*row
	for m := range s.rows("sys_auth_profile_mapping") {
		if m.values["api_access_policy"] != policy.id() {
			continue
		}
		p := s.findIn("inbound_auth_profile", m.values["inbound_auth_profile"])
		if p != nil && p.values["active"] == "true" {
			profiles = append(profiles, p)
		}
	}
	return profiles
}

// corsHeaders answers a browser's Origin where an active rule lets it in.
func (s *Server) corsHeaders(c *call) http.Header {
	header := http.Header{}
	origin := c.header.Get("Origin")
	if origin == "" || s.property("glide.rest.cors.enabled") == "false" {
		return header
	}
	method := c.header.Get("Access-Control-Request-Method")
	if method == "" {
		method = c.method
	}
	e := s.endpointOf(c.path)
	for r := range s.rows("sys_cors_rule") {
		v := r.values
		byPath := v["use_resource_path"] == "true" && v["resource_path"] != "" &&
			strings.HasPrefix(c.path, v["resource_path"])
		byAPI := v["use_resource_path"] != "true" && v["rest_api"] != "" && v["rest_api"] == e.api
		if v["active"] != "true" || !byPath && !byAPI || !originMatches(v["domain"], origin) ||
			v[strings.ToLower(method)] != "true" {
			continue
		}
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Methods", allowedMethods(v))
		header.Set("Access-Control-Max-Age", v["max_age"])
		if v["access_control_allow_credentials"] == "true" {
			header.Set("Access-Control-Allow-Credentials", "true")
		}
		if v["access_control_allow_headers"] != "" {
			header.Set("Access-Control-Allow-Headers", v["access_control_allow_headers"])
		}
		if v["exposed_headers"] != "" {
			header.Set("Access-Control-Expose-Headers", v["exposed_headers"])
		}
		break
	}
	return header
}

func allowedMethods(values map[string]string) string {
	var methods []string
	for _, m := range []string{"get", "post", "put", "patch", "delete"} {
		if values[m] == "true" {
			methods = append(methods, strings.ToUpper(m))
		}
	}
	return strings.Join(methods, ", ")
}

// originMatches honours the one wildcard that a domain may have, right after "://".
func originMatches(domain, origin string) bool {
	before, after, wild := strings.Cut(domain, "*")
	if !wild {
		return strings.EqualFold(domain, origin)
	}
	return strings.HasPrefix(origin, before) && strings.HasSuffix(origin, after) && len(origin) > len(before)+len(after)
}

// policyBefore computes api_path and, on instances that do so, drops a value of api that comes over REST.
func policyBefore(s *Server, op operation, r *row, old map[string]string) error {
	if op == opDelete {
		return nil
	}
	if !s.seeding && (s.opts.LockAPIOnPolicy || s.opts.DropAPIOnPolicyCreate && op == opInsert) &&
		r.table.is("sys_api_access_policy") {
		r.values["api"] = old["api"]
	}
	path, _ := s.apiPath(r.values["api"])
	r.values["api_path"] = path
	return nil
}

func policyAfter(s *Server, op operation, r *row, _ map[string]string) {
	if op == opDelete {
		s.removeWhere("sys_auth_profile_mapping", "api_access_policy", r.id())
	}
}

func profileAfter(s *Server, op operation, r *row, _ map[string]string) {
	if op == opDelete {
		s.removeWhere("sys_auth_profile_mapping", "inbound_auth_profile", r.id())
	}
}

// apiKeyBefore makes the token. The form shows it read-only and no client was seen setting one, so a value in the
// request counts only with HonourAPIKeyToken.
func apiKeyBefore(s *Server, op operation, r *row, old map[string]string) error {
	if op == opDelete {
		return nil
	}
	if s.opts.HonourAPIKeyToken && r.secrets["token"] != "" {
		return nil
	}
	if old == nil {
		r.secrets["token"] = "now_" + s.newID("key", r.id()) + s.newID("key", r.id())
		r.values["token_hash"] = s.hash(r.secrets["token"])
	} else {
		r.secrets["token"] = s.generated[r.id()]
	}
	s.generated[r.id()] = r.secrets["token"]
	return nil
}

// keyGrace is how long an expired key lives before a scheduled job deletes it.
const keyGrace = 7 * 24 * time.Hour

// sweep runs the scheduled jobs that are due.
func (s *Server) sweep() {
	limit := s.now().Add(-keyGrace).Format(wireTime)
	var dead []*row
	for r := range s.rows("api_key") {
		if expires := r.values["expires"]; expires != "" && expires < limit {
			dead = append(dead, r)
		}
	}
	for _, r := range dead {
		s.unlink(r)
	}
}
