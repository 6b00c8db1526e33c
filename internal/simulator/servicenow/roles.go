package servicenow

import (
	"slices"
	"strconv"
	"strings"
)

// Two generations of role management keep sys_user_has_role differently. Version 2, the default, has one row per user
// and role: inherited says that nothing but inheritance holds it, inh_count how many sources there are. The older one
// has a row per grant, naming its source.

func grantBefore(s *Server, op operation, r *row, _ map[string]string) error {
	if op != opInsert || s.opts.LegacyRoleManagement || s.reconciling {
		return nil
	}
	// The error text for a second row of a pair was never seen; the index that makes it one is documented.
	if twin := s.where("sys_user_has_role", "user", r.values["user"], "role", r.values["role"]); twin != nil {
		if twin.values["inherited"] == "true" {
			return &adoption{twin}
		}
		return uniqueViolation(r.values["user"]+"-"+r.values["role"], "user_role")
	}
	return nil
}

// adoption ends an insert that the instance answers with an existing row instead.
type adoption struct{ row *row }

func (*adoption) Error() string { return "the row exists" }

func grantAfter(s *Server, op operation, r *row, old map[string]string) {
	if s.reconciling {
		return
	}
	// Deleting what is still inherited only takes the direct grant away.
	if op == opDelete && !s.opts.LegacyRoleManagement && number(old["inh_count"], 0) > 0 {
		r.values["inherited"] = "true"
		sh := s.shelfOf(r.table)
		sh.order = append(sh.order, r)
		sh.byID[r.id()] = r
	}
	s.reconcileRoles()
}

func rolesMoved(s *Server, op operation, r *row, _ map[string]string) {
	if op == opDelete {
		switch r.table.Name {
		case "sys_user_role":
			s.removeWhere("sys_user_has_role", "role", r.id())
			s.removeWhere("sys_group_has_role", "role", r.id())
			s.removeWhere("sys_user_role_contains", "role", r.id())
			s.removeWhere("sys_user_role_contains", "contains", r.id())
		case "sys_user_group":
			s.removeWhere("sys_user_grmember", "group", r.id())
			s.removeWhere("sys_group_has_role", "group", r.id())
		}
	}
	s.reconcileRoles()
}

// source is one reason why a user inherits a role.
type source struct {
	group    string // sys_user_group that grants it
	within   string // role that contains it
	instance string // sys_user_has_role row of the containing role, where it is a direct one
}

func (c source) key() string { return c.group + "/" + c.within + "/" + c.instance }

// reconcileRoles makes the inherited rows what the direct grants, group roles and contained roles imply.
func (s *Server) reconcileRoles() {
	if s.seeding || s.reconciling {
		return
	}
	s.reconciling = true
	defer func() { s.reconciling = false }()
	if !s.opts.CacheRoles {
		clear(s.roles)
	}

	contains := map[string][]string{}
	for r := range s.rows("sys_user_role_contains") {
		contains[r.values["role"]] = append(contains[r.values["role"]], r.values["contains"])
	}
	implied := map[string]map[string][]source{} // user, role
	add := func(user, role string, from source) {
		if implied[user] == nil {
			implied[user] = map[string][]source{}
		}
		implied[user][role] = append(implied[user][role], from)
	}
	var spread func(user, role string, from source, seen []string)
	spread = func(user, role string, from source, seen []string) {
		for _, inner := range contains[role] {
			if slices.Contains(seen, inner) {
				continue
			}
			add(user, inner, source{group: from.group, within: role, instance: from.instance})
			spread(user, inner, from, append(seen, inner))
		}
	}
	for r := range s.rows("sys_user_has_role") {
		if r.values["inherited"] != "true" {
			spread(r.values["user"], r.values["role"], source{instance: r.id()}, []string{r.values["role"]})
		}
	}
	for m := range s.rows("sys_user_grmember") {
		for g := range s.rows("sys_group_has_role") {
			if g.values["group"] != m.values["group"] || g.values["inherits"] == "false" {
				continue
			}
			from := source{group: g.values["group"]}
			add(m.values["user"], g.values["role"], from)
			spread(m.values["user"], g.values["role"], from, []string{g.values["role"]})
		}
	}
	if s.opts.LegacyRoleManagement {
		s.reconcileRows(implied)
	} else {
		s.reconcileCounts(implied)
	}
}

// reconcileCounts keeps one row per user and role (version 2).
func (s *Server) reconcileCounts(implied map[string]map[string][]source) {
	var orphans []*row
	for r := range s.rows("sys_user_has_role") {
		user, role := r.values["user"], r.values["role"]
		sources := implied[user][role]
		r.values["inh_count"], r.values["inh_map"] = "", ""
		if len(sources) > 0 {
			r.values["inh_count"] = strconv.Itoa(len(sources))
			r.values["inh_map"] = inheritanceMap(sources)
			delete(implied[user], role)
		} else if r.values["inherited"] == "true" {
			orphans = append(orphans, r)
		}
	}
	for _, r := range orphans {
		s.unlink(r)
	}
	for user, roles := range implied {
		for _, role := range sortedKeys(roles) {
			s.grantInherited(map[string]any{
				"user": user, "role": role, "inherited": "true",
				"inh_count": strconv.Itoa(len(roles[role])), "inh_map": inheritanceMap(roles[role]),
			})
		}
	}
}

func inheritanceMap(sources []source) string {
	var parts []string
	for _, from := range sources {
		parts = append(parts, from.within+":"+from.group)
	}
	return strings.Join(parts, ",")
}

// reconcileRows keeps one row per source (legacy).
func (s *Server) reconcileRows(implied map[string]map[string][]source) {
	wanted := map[string]map[string]any{}
	for user, roles := range implied {
		for role, sources := range roles {
			for _, from := range sources {
				wanted[user+"/"+role+"/"+from.key()] = map[string]any{
					"user":                      user,
					"role":                      role,
					"inherited":                 "true",
					"granted_by":                from.group,
					"included_in_role":          from.within,
					"included_in_role_instance": from.instance,
				}
			}
		}
	}
	var orphans []*row
	for r := range s.rows("sys_user_has_role") {
		if r.values["inherited"] != "true" {
			continue
		}
		from := source{r.values["granted_by"], r.values["included_in_role"], r.values["included_in_role_instance"]}
		key := r.values["user"] + "/" + r.values["role"] + "/" + from.key()
		if wanted[key] == nil {
			orphans = append(orphans, r)
		}
		delete(wanted, key)
	}
	for _, r := range orphans {
		s.unlink(r)
	}
	for _, key := range sortedKeys(wanted) {
		s.grantInherited(wanted[key])
	}
}

func (s *Server) grantInherited(values map[string]any) {
	// A trusted insert with a fresh id, while reconciling, has no rule that refuses it.
	_, _ = s.insert(s.tables["sys_user_has_role"], write{trusted: true, by: "system", values: values})
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
