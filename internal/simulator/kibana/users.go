package kibana

import (
	"fmt"
	"slices"
)

// User is a user besides the superuser, or the owner of API keys. Requests of a user are answered by its Kibana
// privileges, which hold in its spaces only.
type User struct {
	Username string `json:"username"`
	Password string `json:"password,omitempty"` // none: the user has API keys only
	// Privilege is that of both features, Actions and Connectors and Cases, where they are not set apart below.
	Privilege Privilege `json:"privilege,omitempty"`
	// Connectors is the privilege of the feature Actions and Connectors.
	Connectors Privilege `json:"connectors,omitempty"`
	// Cases are the privileges of the Cases features by owner: securitySolution, observability, cases. An owner that
	// is missing has Privilege.
	Cases map[string]Privilege `json:"cases,omitempty"`
	// Spaces are where the privileges hold; nil for all spaces.
	Spaces []string `json:"spaces,omitempty"`
	// ManageSpaces is the privilege to create, change and delete spaces.
	ManageSpaces bool `json:"manage_spaces,omitempty"`
	// APIKeys are encoded API keys (base64 of id:key) with these privileges.
	APIKeys []string `json:"api_keys,omitempty"`
}

// Privilege is what a user may do with connectors and cases.
type Privilege string

// The levels of the features Actions & Connectors and Cases. A reader may run connectors.
const (
	PrivilegeAll  Privilege = "all"
	PrivilegeRead Privilege = "read"
	PrivilegeNone Privilege = "none"
)

// caseOwners are the features that own cases. Nobody, not even a superuser, is authorized for another owner.
var caseOwners = []string{"cases", "observability", "securitySolution"}

func superuser(name, password string) User {
	return User{Username: name, Password: password, Privilege: PrivilegeAll, ManageSpaces: true}
}

// sees reports whether the user has any privilege in a space.
func (u User) sees(space string) bool { return u.Spaces == nil || slices.Contains(u.Spaces, space) }

func (u User) connectors(space string) Privilege {
	switch {
	case !u.sees(space):
		return PrivilegeNone
	case u.Connectors != "":
		return u.Connectors
	}
	return u.Privilege
}

func (u User) cases(space, owner string) Privilege {
	if !u.sees(space) || !slices.Contains(caseOwners, owner) {
		return PrivilegeNone
	}
	if p, set := u.Cases[owner]; set {
		return p
	}
	return u.Privilege
}

// readsCases reports whether the user may read the cases of at least one owner.
func (u User) readsCases(space string) bool {
	return slices.ContainsFunc(caseOwners, func(owner string) bool { return u.cases(space, owner).reads() })
}

func (p Privilege) reads() bool { return p == PrivilegeAll || p == PrivilegeRead }

func (u User) validate() error {
	if u.Username == "" {
		return fmt.Errorf("kibana user %+v: no username", u.Privilege)
	}
	levels := []Privilege{u.Privilege, u.Connectors}
	for owner, p := range u.Cases {
		if !slices.Contains(caseOwners, owner) {
			return fmt.Errorf("kibana user %q: no feature %q owns cases", u.Username, owner)
		}
		levels = append(levels, p)
	}
	for _, p := range levels {
		if !slices.Contains([]Privilege{"", PrivilegeAll, PrivilegeRead, PrivilegeNone}, p) {
			return fmt.Errorf("kibana user %q: privilege %q: want all, read or none", u.Username, p)
		}
	}
	return nil
}

// SetUser adds a user or replaces the one of that name. It fails on an unknown privilege or owner.
func (s *Server) SetUser(user User) error {
	if err := user.validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users = append(slices.DeleteFunc(slices.Clone(s.users), func(u User) bool {
		return u.Username == user.Username
	}), user)
	return nil
}
