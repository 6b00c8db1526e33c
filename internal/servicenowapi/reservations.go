package servicenowapi

import (
	"strings"
	"sync"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// reservations holds the natural keys of the rows that this process is making: two blocks of one configuration with one
// key would otherwise pass the duplicate check side by side. Its zero value is ready for use.
type reservations struct {
	mu  sync.Mutex
	ids map[string]string // the sys_id that is being made, by table and key
	// claimed holds the rows that may be taken over and that one resource of this process has.
	claimed sync.Map
}

// reserve claims the natural key of a create until release is called.
func (s *Client) reserve(table string, want record.Write) (release func(), err error) {
	match := want.KeyValues()
	if match == nil {
		return func() {}, nil
	}
	key := table + "\n" + strings.ToLower(record.DescribeKey(match)) // ServiceNow compares without case
	s.reserved.mu.Lock()
	defer s.reserved.mu.Unlock()
	if id, taken := s.reserved.ids[key]; taken {
		return nil, &record.ExistsError{IDs: []string{id}, Key: record.DescribeKey(match), SameRun: true}
	}
	if s.reserved.ids == nil {
		s.reserved.ids = map[string]string{}
	}
	s.reserved.ids[key] = want.ID
	return func() {
		s.reserved.mu.Lock()
		defer s.reserved.mu.Unlock()
		delete(s.reserved.ids, key)
	}, nil
}

// Claim notes that a resource of this process has taken a row over or made it. It returns false where another one has.
func (s *Client) Claim(table, id string) bool {
	_, taken := s.reserved.claimed.LoadOrStore(table+"\n"+id, true)
	return !taken
}

// Release ends a claim.
func (s *Client) Release(table, id string) { s.reserved.claimed.Delete(table + "\n" + id) }
