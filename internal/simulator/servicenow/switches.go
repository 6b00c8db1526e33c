package servicenow

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// Configure changes switches of a running instance; its rows stay. What belongs to the start (credentials, Apps, Clock,
// Release) is kept whatever change does to it.
func (s *Server) Configure(change func(*Options)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.opts
	change(&next)
	return s.configure(next)
}

func (s *Server) configure(next Options) error {
	switch next.RefuseTransactionScope {
	case 0, http.StatusBadRequest, http.StatusForbidden:
	default:
		return fmt.Errorf("refuse_transaction_scope is 0, 400 or 403, not %d", next.RefuseTransactionScope)
	}
	switch next.UniqueViolationStatus {
	case 0, http.StatusBadRequest, http.StatusForbidden, http.StatusConflict, http.StatusInternalServerError:
	default:
		return fmt.Errorf("unique_violation_status is 0, 400, 403, 409 or 500, not %d", next.UniqueViolationStatus)
	}
	next.AdminUser, next.AdminPassword, next.Apps = s.opts.AdminUser, s.opts.AdminPassword, s.opts.Apps
	next.Clock, next.Release = s.opts.Clock, s.opts.Release
	s.opts = next
	clear(s.roles) // what was kept of them by an earlier switch
	// The dictionary's default follows its switch.
	s.forEachChild(s.tables["oauth_entity"], func(t *table) {
		if c := t.column("scope_restriction_status"); c != nil {
			c.Default = s.defaultRestriction()
		}
	})
	if r := s.findIn("sys_dictionary", seedID("dictionary", "oauth_entity", "scope_restriction_status")); r != nil {
		r.values["default_value"] = s.defaultRestriction()
	}
	return nil
}

// Switches returns the switches by their JSON names.
func (s *Server) Switches() Options {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts
}

// setSwitches takes the members of a JSON object over; the others stay as they are.
func (s *Server) setSwitches(r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.opts
	next.OwnIDs = slices.Clone(next.OwnIDs) // decoding writes into what is there
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&next); err != nil {
		return err
	}
	return s.configure(next)
}
