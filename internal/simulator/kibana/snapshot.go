package kibana

import (
	"fmt"
	"maps"
	"slices"
)

// state is everything that requests and the admin API change, but for the request log and the faults.
type state struct {
	version      version
	switches     Switches
	users        []User
	spaces       map[string]map[string]any
	connectors   map[string]*connector
	tokens       map[string]token
	caseSettings map[string]*caseSettings
	cases        map[string]*caseDocument
	sequence     int
	issued       map[string]int
}

// copyOf copies a state. Users, spaces, and the maps inside connectors, settings and cases are replaced and never
// changed in place, so copies share them.
func copyOf(of state) state {
	of.connectors = copied(of.connectors)
	of.caseSettings = copied(of.caseSettings)
	of.cases = copied(of.cases)
	for _, document := range of.cases {
		document.comments = slices.Clone(document.comments)
	}
	of.tokens, of.issued, of.spaces = maps.Clone(of.tokens), maps.Clone(of.issued), maps.Clone(of.spaces)
	return of
}

func copied[T any](of map[string]*T) map[string]*T {
	out := make(map[string]*T, len(of))
	for key, value := range of {
		one := *value
		out[key] = &one
	}
	return out
}

func (s *Server) state() state {
	return state{
		version: s.version, connectors: s.connectors, tokens: s.tokens, caseSettings: s.caseSettings, cases: s.cases,
		sequence: s.sequence, issued: s.issued, switches: *s.switches.Load(), users: s.users, spaces: s.spaces,
	}
}

func (s *Server) setState(to state) {
	s.version, s.connectors, s.tokens, s.caseSettings = to.version, to.connectors, to.tokens, to.caseSettings
	s.cases, s.sequence, s.issued = to.cases, to.sequence, to.issued
	s.users, s.spaces = to.users, to.spaces
	s.switches.Store(&to.switches)
}

// KeepAsStart makes the present state the one that Reset goes back to.
func (s *Server) KeepAsStart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := copyOf(s.state())
	s.start = &start
}

// Reset puts Kibana back to its start, or the state of KeepAsStart, and forgets the requests. Snapshots stay.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setState(copyOf(*s.start))
	s.requests = nil
}

// SaveSnapshot keeps the present state under a name, in place of an older one of that name.
func (s *Server) SaveSnapshot(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snapshots[name] = copyOf(s.state())
}

// RestoreSnapshot puts Kibana back to a saved state, as often as wanted.
func (s *Server) RestoreSnapshot(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	saved, found := s.snapshots[name]
	if !found {
		return fmt.Errorf("kibana: no snapshot %q", name)
	}
	s.setState(copyOf(saved))
	return nil
}

// DeleteSnapshot forgets a saved state; one that is not there is an error.
func (s *Server) DeleteSnapshot(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found := s.snapshots[name]; !found {
		return fmt.Errorf("kibana: no snapshot %q", name)
	}
	delete(s.snapshots, name)
	return nil
}

// Snapshots returns the names of the saved states, sorted.
func (s *Server) Snapshots() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sortedKeys(s.snapshots)
}
