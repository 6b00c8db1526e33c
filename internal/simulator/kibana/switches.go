package kibana

import (
	"fmt"
	"net/http"
	"slices"
)

// StatusForAPIKeys is what GET /api/status answers to API keys and bearer tokens.
type StatusForAPIKeys string

// A self-managed Kibana answers whole. Elastic Cloud and serverless projects may leave the version out, as they do for
// anonymous requests, or refuse.
const (
	StatusFull     StatusForAPIKeys = "full"
	StatusRedacted StatusForAPIKeys = "redacted"
	StatusRefused  StatusForAPIKeys = "refused" // 403
)

// Switches are the settings that can change while the server runs. In JSON they are the body of
// PATCH /simulator/kibana/switches, where every key is optional.
type Switches struct {
	License                string           `json:"license"`
	LicenseExpired         bool             `json:"license_expired"`
	AllowedHosts           []string         `json:"allowed_hosts"`
	EnabledActionTypes     []string         `json:"enabled_action_types"`
	UnknownSpaces          UnknownSpaces    `json:"unknown_spaces"`
	StatusForAPIKeys       StatusForAPIKeys `json:"status_for_api_keys"`
	ConnectorIDUnderscores bool             `json:"connector_id_underscores"`
	CustomFieldLists       bool             `json:"custom_field_lists"`
	PatchKeepsTemplates    bool             `json:"patch_keeps_templates"`
	PluginUnavailable      bool             `json:"plugin_unavailable"`
}

func (w Switches) validate() error {
	switch {
	case licenseRank(w.License) < 0:
		return fmt.Errorf("kibana license %q: want basic, standard, gold, platinum, enterprise or trial", w.License)
	case !slices.Contains([]UnknownSpaces{UnknownSpacesWork, UnknownSpacesRefused}, w.UnknownSpaces):
		return fmt.Errorf("kibana unknown_spaces %q: want work or refused", w.UnknownSpaces)
	case !slices.Contains([]StatusForAPIKeys{StatusFull, StatusRedacted, StatusRefused}, w.StatusForAPIKeys):
		return fmt.Errorf("kibana status_for_api_keys %q: want full, redacted or refused", w.StatusForAPIKeys)
	}
	return nil
}

// Switches returns the present settings.
func (s *Server) Switches() Switches { return *s.switches.Load() }

// SetSwitches replaces the settings, for requests that come from now on. It fails on an unknown value and then changes
// nothing.
func (s *Server) SetSwitches(to Switches) error {
	if err := to.validate(); err != nil {
		return err
	}
	s.switches.Store(&to)
	return nil
}

func (s *Server) adminSwitchRoutes(mux *http.ServeMux) {
	answer := func(w http.ResponseWriter, err error, r reply) {
		if err != nil {
			r = failure(http.StatusBadRequest, "%s", err)
		}
		write(w, r)
	}
	mux.HandleFunc("GET "+adminPrefix+"switches", func(w http.ResponseWriter, _ *http.Request) {
		write(w, ok(s.Switches()))
	})
	mux.HandleFunc("PATCH "+adminPrefix+"switches", func(w http.ResponseWriter, r *http.Request) {
		changed := s.Switches()
		err := readAdmin(r, &changed)
		if err == nil {
			err = s.SetSwitches(changed)
		}
		answer(w, err, ok(changed))
	})
	mux.HandleFunc("POST "+adminPrefix+"users", func(w http.ResponseWriter, r *http.Request) {
		var user User
		err := readAdmin(r, &user)
		if err == nil {
			err = s.SetUser(user)
		}
		answer(w, err, reply{status: http.StatusNoContent})
	})
}
