// Package ticketing holds stand-ins of the ticket systems besides ServiceNow that Kibana's connectors push to: Jira,
// IBM Resilient and Swimlane. Each is an http.Handler that keeps its tickets in memory, checks credentials, and answers
// the few paths that connectors call.
package ticketing

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Ticket is one stored ticket.
type Ticket struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`  // the key in Jira, the tracking id in Swimlane
	Fields   map[string]any `json:"fields"` // as the connector sent them
	Comments []string       `json:"comments"`
	Created  time.Time      `json:"created"`
	Updated  time.Time      `json:"updated"`
}

// store keeps tickets in the order of their creation.
type store struct {
	clock func() time.Time

	mu      sync.Mutex
	tickets []*Ticket
}

func newStore(clock func() time.Time) store {
	if clock == nil {
		clock = time.Now
	}
	return store{clock: clock}
}

// Tickets answers all tickets, oldest first.
func (s *store) Tickets() []Ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Ticket, 0, len(s.tickets))
	for _, t := range s.tickets {
		all = append(all, t.copy())
	}
	return all
}

func (t *Ticket) copy() Ticket {
	snapshot := *t
	snapshot.Fields, snapshot.Comments = maps.Clone(t.Fields), slices.Clone(t.Comments)
	return snapshot
}

// add stores a ticket whose id and title are made of its ordinal, which starts at 1.
func (s *store) add(fields map[string]any, name func(ordinal int) (id, title string)) Ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	id, title := name(len(s.tickets) + 1)
	created := &Ticket{ID: id, Title: title, Fields: maps.Clone(fields), Created: now, Updated: now}
	s.tickets = append(s.tickets, created)
	return created.copy()
}

// find answers the ticket with this id or title.
func (s *store) find(id string) (Ticket, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.locked(id); found != nil {
		return found.copy(), true
	}
	return Ticket{}, false
}

func (s *store) locked(id string) *Ticket {
	for _, t := range s.tickets {
		if t.ID == id || t.Title == id {
			return t
		}
	}
	return nil
}

// change lets edit alter a ticket and moves its time of update.
func (s *store) change(id string, edit func(*Ticket)) (Ticket, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.locked(id)
	if found == nil {
		return Ticket{}, false
	}
	edit(found)
	found.Updated = s.clock()
	return found.copy(), true
}

func sameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func hasBasic(r *http.Request, username, password string) bool {
	u, p, given := r.BasicAuth()
	return given && u == username && sameSecret(p, password)
}

const maximumBody = 1 << 20

var errBody = errors.New("the body is not a JSON object")

func readObject(r *http.Request) (map[string]any, error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maximumBody))
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	var body map[string]any
	if json.Unmarshal(raw, &body) != nil || body == nil {
		return nil, errBody
	}
	return body, nil
}

func answer(w http.ResponseWriter, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(encoded) // a client that went away is no fault of the server's
}

// member answers body[keys[0]][keys[1]]…, or nil.
func member(body map[string]any, keys ...string) any {
	var value any = body
	for _, key := range keys {
		inner, _ := value.(map[string]any)
		value = inner[key]
	}
	return value
}

func decimal(n int) string { return strconv.Itoa(n) }
