package ticketing

import (
	"net/http"
	"time"
)

// SwimlaneOptions configure a Swimlane; empty ones take the value given here.
type SwimlaneOptions struct {
	APIToken      string           // "token"
	ApplicationID string           // "123456asdf"
	Clock         func() time.Time // time.Now
}

// Swimlane is a stand-in of one Swimlane application. The fields of its tickets are keyed by field id.
type Swimlane struct {
	store
	options SwimlaneOptions
	mux     *http.ServeMux
}

// NewSwimlane makes an application without records.
func NewSwimlane(options SwimlaneOptions) *Swimlane {
	if options.APIToken == "" {
		options.APIToken = "token"
	}
	if options.ApplicationID == "" {
		options.ApplicationID = "123456asdf"
	}
	s := &Swimlane{store: newStore(options.Clock), options: options, mux: http.NewServeMux()}
	s.mux.HandleFunc("POST /api/app/{app}/record", s.create)
	s.mux.HandleFunc("PATCH /api/app/{app}/record/{id}", s.update)
	s.mux.HandleFunc("POST /api/app/{app}/record/{id}/{field}/comment", s.comment)
	return s
}

// ServeHTTP answers one request, or 401 without the configured token.
func (s *Swimlane) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !sameSecret(r.Header.Get("Private-Token"), s.options.APIToken) {
		swimlaneFault(w, http.StatusUnauthorized, "Private-Token", 2001)
		return
	}
	s.mux.ServeHTTP(w, r)
}

func swimlaneFault(w http.ResponseWriter, status int, argument string, code int) {
	answer(w, status, map[string]any{"Argument": argument, "ErrorCode": code})
}

func (s *Swimlane) known(w http.ResponseWriter, r *http.Request) bool {
	if r.PathValue("app") == s.options.ApplicationID {
		return true
	}
	swimlaneFault(w, http.StatusNotFound, "applicationId", 1002)
	return false
}

func record(t Ticket) map[string]any {
	return map[string]any{
		"id": t.ID, "name": t.Title, "createdDate": t.Created.UTC().Format(time.RFC3339Nano),
		"modifiedDate": t.Updated.UTC().Format(time.RFC3339Nano), "values": t.Fields,
	}
}

func (s *Swimlane) create(w http.ResponseWriter, r *http.Request) {
	if !s.known(w, r) {
		return
	}
	body, err := readObject(r)
	values, isObject := body["values"].(map[string]any)
	if err != nil || !isObject || body["applicationId"] != s.options.ApplicationID {
		swimlaneFault(w, http.StatusBadRequest, "values", 3000)
		return
	}
	created := s.add(values, func(n int) (string, string) { return "record" + decimal(n), "ET-" + decimal(n) })
	answer(w, http.StatusOK, record(created))
}

func (s *Swimlane) update(w http.ResponseWriter, r *http.Request) {
	if !s.known(w, r) {
		return
	}
	body, err := readObject(r)
	values, isObject := body["values"].(map[string]any)
	if err != nil || !isObject {
		swimlaneFault(w, http.StatusBadRequest, "values", 3000)
		return
	}
	changed, exists := s.change(r.PathValue("id"), func(t *Ticket) {
		for field, value := range values {
			t.Fields[field] = value
		}
	})
	if !exists {
		swimlaneFault(w, http.StatusNotFound, "recordId", 1003)
		return
	}
	answer(w, http.StatusOK, record(changed))
}

// comment answers without a body, as Swimlane does.
func (s *Swimlane) comment(w http.ResponseWriter, r *http.Request) {
	if !s.known(w, r) {
		return
	}
	body, err := readObject(r)
	text, _ := body["message"].(string)
	if err != nil || text == "" || body["fieldId"] != r.PathValue("field") {
		swimlaneFault(w, http.StatusBadRequest, "message", 3000)
		return
	}
	if _, exists := s.change(r.PathValue("id"), func(t *Ticket) { t.Comments = append(t.Comments, text) }); !exists {
		swimlaneFault(w, http.StatusNotFound, "recordId", 1003)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
