package servicenow

import (
	"fmt"
	"maps"
	"time"
)

// snapshot is everything that requests and the admin API change, but for the logs and the faults. Nothing in it is
// shared with the running instance.
type snapshot struct {
	tables    map[string]*table
	shelves   map[string]*shelf
	guards    guards
	tokens    map[string]*token
	usedJTI   map[string]time.Time
	numbers   map[string]int
	jobs      map[string]*job
	outcomes  map[string]Outcome
	generated map[string]string
	issued    map[string]int
	ahead     time.Duration
}

// copyOf copies a state deeply.
func copyOf(of snapshot) snapshot {
	c := snapshot{
		tables: make(map[string]*table, len(of.tables)), shelves: make(map[string]*shelf, len(of.shelves)),
		guards: of.guards.clone(), tokens: map[string]*token{}, usedJTI: maps.Clone(of.usedJTI),
		numbers: maps.Clone(of.numbers), jobs: map[string]*job{}, outcomes: maps.Clone(of.outcomes),
		generated: maps.Clone(of.generated), issued: maps.Clone(of.issued), ahead: of.ahead,
	}
	copies := make(map[*table]*table, len(of.tables))
	var copyTable func(t *table) *table
	copyTable = func(t *table) *table {
		if t == nil || copies[t] != nil {
			return copies[t]
		}
		copied := *t
		copied.shown = nil
		copied.columns, copied.byName = make([]*Column, len(t.columns)), make(map[string]*Column, len(t.columns))
		for i, c := range t.columns {
			column := *c
			copied.columns[i], copied.byName[c.Name] = &column, &column
		}
		copied.parent = copyTable(t.parent)
		copies[t] = &copied
		return &copied
	}
	for name, t := range of.tables {
		c.tables[name] = copyTable(t)
	}
	for name, sh := range of.shelves {
		copied := &shelf{order: make([]*row, len(sh.order)), byID: make(map[string]*row, len(sh.byID))}
		for i, r := range sh.order {
			clone := r.clone()
			clone.table = copyTable(r.table)
			copied.order[i], copied.byID[r.id()] = clone, clone
		}
		c.shelves[name] = copied
	}
	for value, t := range of.tokens {
		copied := *t
		c.tokens[value] = &copied
	}
	for id, j := range of.jobs {
		copied := *j
		c.jobs[id] = &copied
	}
	return c
}

func (s *Server) state() snapshot {
	return snapshot{
		tables: s.tables, shelves: s.shelves, guards: s.guards, tokens: s.tokens, usedJTI: s.usedJTI,
		numbers: s.numbers, jobs: s.jobs, outcomes: s.outcomes, generated: s.generated, issued: s.issued,
		ahead: s.ahead,
	}
}

func (s *Server) setState(to snapshot) {
	s.tables, s.shelves, s.guards, s.tokens, s.usedJTI = to.tables, to.shelves, to.guards, to.tokens, to.usedJTI
	s.numbers, s.jobs, s.outcomes, s.generated = to.numbers, to.jobs, to.outcomes, to.generated
	s.issued, s.ahead = to.issued, to.ahead
	s.roles, s.sessions = map[string]map[string]bool{}, map[string]*session{}
	_ = s.configure(s.opts) // the switches stay, were valid before, and decide some defaults of the dictionary
}

// KeepAsStart makes the present state the one that Reset goes back to.
func (s *Server) KeepAsStart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := copyOf(s.state())
	s.start = &start
}

// SaveSnapshot keeps the present state under a name, in place of an older one of that name. Logs and faults are not
// part of it.
func (s *Server) SaveSnapshot(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snapshots[name] = copyOf(s.state())
}

// RestoreSnapshot puts the instance back to a saved state, as often as wanted. Tokens are those of the saved state;
// interactive sessions end.
func (s *Server) RestoreSnapshot(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	saved, ok := s.snapshots[name]
	if !ok {
		return fmt.Errorf("no snapshot %q", name)
	}
	s.setState(copyOf(saved))
	return nil
}

// DeleteSnapshot forgets a saved state; one that is not there is an error.
func (s *Server) DeleteSnapshot(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.snapshots[name]; !ok {
		return fmt.Errorf("no snapshot %q", name)
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
