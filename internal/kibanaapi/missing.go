package kibanaapi

import (
	"fmt"
	"sync"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// missingConnectors counts, by space, the connectors that Kibana says are not there, while none was found that a state
// holds. Its zero value is ready for use.
type missingConnectors struct {
	mu     sync.Mutex
	spaces map[string]*missingIn
}

type missingIn struct {
	ids   map[string]bool
	found bool
}

func (m *missingConnectors) space(name string) *missingIn {
	if m.spaces == nil {
		m.spaces = map[string]*missingIn{}
	}
	if m.spaces[name] == nil {
		m.spaces[name] = &missingIn{ids: map[string]bool{}}
	}
	return m.spaces[name]
}

// found notes that a connector of a state is there, so that others of its space may well be gone.
func (m *missingConnectors) found(space string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.space(space).found = true
}

// confirm returns gone, or a VanishedError once several connectors of a space are missing and none was found.
func (m *missingConnectors) confirm(space, id string, accept bool, gone error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	in := m.space(space)
	in.ids[id] = true
	if accept || in.found || len(in.ids) < record.VanishedAtOnce {
		return gone
	}
	return fmt.Errorf("%w", &record.VanishedError{Where: "the space " + space, Asked: len(in.ids)})
}
