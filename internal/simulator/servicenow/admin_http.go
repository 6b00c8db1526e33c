package servicenow

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
)

// adminPrefix is where the instance is looked at and changed behind the API's back. It takes no credentials: the
// simulator is for loopback.
const adminPrefix = "/simulator/"

func (s *Server) adminHandler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, do func(*http.Request) (any, error)) {
		s.adminRoutes = append(s.adminRoutes, pattern)
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { adminAnswer(w, r, do) })
	}
	handle("GET /simulator/records/{table}", func(r *http.Request) (any, error) {
		table, query := r.PathValue("table"), r.URL.Query().Get("query")
		if err := s.checkQuery(table, query); err != nil {
			return nil, err
		}
		return s.Records(table, query), nil
	})
	handle("POST /simulator/records/{table}", func(r *http.Request) (any, error) {
		values, err := s.decodeColumns(r)
		if err != nil {
			return nil, err
		}
		id, err := s.Insert(r.PathValue("table"), values)
		return map[string]string{"sys_id": id}, err
	})
	handle("GET /simulator/records/{table}/{id}", func(r *http.Request) (any, error) {
		record, ok := s.Record(r.PathValue("table"), r.PathValue("id"))
		if !ok {
			return nil, errAdminNotFound
		}
		return record, nil
	})
	handle("PATCH /simulator/records/{table}/{id}", func(r *http.Request) (any, error) {
		values, err := s.decodeColumns(r)
		if err != nil {
			return nil, err
		}
		return nil, s.Set(r.PathValue("table"), r.PathValue("id"), values)
	})
	handle("DELETE /simulator/records/{table}/{id}", func(r *http.Request) (any, error) {
		return nil, s.Delete(r.PathValue("table"), r.PathValue("id"))
	})
	handle("GET /simulator/secrets/{table}/{id}/{column}", func(r *http.Request) (any, error) {
		return map[string]string{"value": s.Secret(r.PathValue("table"), r.PathValue("id"), r.PathValue("column"))}, nil
	})
	handle("POST /simulator/hide", func(r *http.Request) (any, error) {
		in := struct {
			ID     string `json:"sys_id"`
			Hidden bool   `json:"hidden"`
		}{Hidden: true}
		err := decode(r, &in)
		if err == nil {
			s.Hide(in.ID, in.Hidden)
		}
		return nil, err
	})
	handle("POST /simulator/column-acl", func(r *http.Request) (any, error) {
		var in struct {
			Table     string `json:"table"`
			Column    string `json:"column"`
			DropWrite bool   `json:"drop_write"`
			HideRead  bool   `json:"hide_read"`
		}
		err := decode(r, &in)
		if err == nil {
			s.ForbidColumn(in.Table, in.Column, in.DropWrite)
			s.HideColumn(in.Table, in.Column, in.HideRead)
		}
		return nil, err
	})
	handle("POST /simulator/abort-writes", func(r *http.Request) (any, error) {
		var in struct {
			Table      string   `json:"table"`
			Rule       string   `json:"rule"`
			Operations []string `json:"operations"`
		}
		err := decode(r, &in)
		if err == nil {
			s.AbortWrites(in.Table, in.Rule, in.Operations...)
		}
		return nil, err
	})
	handle("POST /simulator/data-policy", func(r *http.Request) (any, error) {
		var in struct {
			Table   string   `json:"table"`
			Columns []string `json:"columns"`
		}
		err := decode(r, &in)
		if err == nil {
			s.RequireColumns(in.Table, in.Columns...)
		}
		return nil, err
	})
	handle("POST /simulator/property", func(r *http.Request) (any, error) {
		var in struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		}
		err := decode(r, &in)
		if err == nil {
			s.SetProperty(in.Name, in.Value)
		}
		return nil, err
	})
	handle("POST /simulator/install", func(r *http.Request) (any, error) {
		var in struct {
			ID      string `json:"id"`
			Version string `json:"version"`
		}
		if err := decode(r, &in); err != nil {
			return nil, err
		}
		return nil, s.Install(in.ID, in.Version)
	})
	handle("POST /simulator/outcome", func(r *http.Request) (any, error) {
		var in struct {
			ID string `json:"id"`
			Outcome
		}
		err := decode(r, &in)
		if err == nil {
			s.SetOutcome(in.ID, in.Outcome)
		}
		return nil, err
	})
	handle("POST /simulator/advance", func(r *http.Request) (any, error) {
		var in struct {
			Seconds int `json:"seconds"`
		}
		err := decode(r, &in)
		if err == nil {
			s.Advance(time.Duration(in.Seconds) * time.Second)
		}
		return nil, err
	})
	handle("GET /simulator/requests", func(*http.Request) (any, error) { return s.Requests(), nil })
	handle("DELETE /simulator/requests", func(*http.Request) (any, error) { s.ForgetRequests(); return nil, nil })
	handle("GET /simulator/oauth-log", func(*http.Request) (any, error) { return s.OAuthLog(), nil })
	handle("POST /simulator/revoke-tokens", func(*http.Request) (any, error) { s.RevokeTokens(); return nil, nil })
	handle("POST /simulator/current-application", func(r *http.Request) (any, error) {
		var in struct {
			User  string `json:"user_name"`
			Scope string `json:"scope"`
		}
		if err := decode(r, &in); err != nil {
			return nil, err
		}
		return nil, s.SetCurrentApplication(in.User, in.Scope)
	})
	handle("POST /simulator/web-service-access", func(r *http.Request) (any, error) {
		var in struct {
			Table   string `json:"table"`
			Allowed bool   `json:"allowed"`
		}
		if err := decode(r, &in); err != nil {
			return nil, err
		}
		return nil, s.SetWebServiceAccess(in.Table, in.Allowed)
	})
	handle("GET /simulator/switches", func(*http.Request) (any, error) { return s.Switches(), nil })
	handle("POST /simulator/switches", func(r *http.Request) (any, error) {
		if err := s.setSwitches(r); err != nil {
			return nil, err
		}
		return s.Switches(), nil
	})
	handle("POST /simulator/reset", func(*http.Request) (any, error) { s.Reset(); return nil, nil })
	handle("GET /simulator/snapshots", func(*http.Request) (any, error) { return s.Snapshots(), nil })
	handle("PUT /simulator/snapshots/{name}", func(r *http.Request) (any, error) {
		s.SaveSnapshot(r.PathValue("name"))
		return nil, nil
	})
	handle("POST /simulator/snapshots/{name}/restore", func(r *http.Request) (any, error) {
		return nil, notFound(s.RestoreSnapshot(r.PathValue("name")))
	})
	handle("DELETE /simulator/snapshots/{name}", func(r *http.Request) (any, error) {
		return nil, notFound(s.DeleteSnapshot(r.PathValue("name")))
	})
	handle("POST /simulator/explain", func(r *http.Request) (any, error) {
		var in Question
		if err := decode(r, &in); err != nil {
			return nil, err
		}
		return s.Explain(in), nil
	})
	handle("POST /simulator/dictionary", func(r *http.Request) (any, error) {
		file, err := dictionary.Read(http.MaxBytesReader(nil, r.Body, maxBody))
		if err != nil {
			return nil, err
		}
		return nil, s.UseDictionary(file)
	})
	mux.Handle("/simulator/faults", s.Faults)
	mux.Handle("/simulator/faults/", s.Faults)
	return mux
}

type adminError struct {
	status  int
	message string
}

func (e *adminError) Error() string { return e.message }

func notFound(err error) error {
	if err == nil {
		return nil
	}
	return &adminError{http.StatusNotFound, err.Error()}
}

// AdminRoutes are the patterns of the admin API, such as "GET /simulator/records/{table}".
func (s *Server) AdminRoutes() []string { return slices.Clone(s.adminRoutes) }

var errAdminNotFound = &adminError{http.StatusNotFound, "no such record"}

func decode(r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("the body must be JSON: %w", err)
	}
	return nil
}

// checkQuery refuses a query that the Table API would run without some of its terms.
func (s *Server) checkQuery(tableName, encoded string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[tableName]
	if t == nil {
		return errAdminNotFound
	}
	switch q := s.parseQuery(t, encoded, nil); {
	case q.invalid:
		return fmt.Errorf("the query %q names a column that %s does not have, or has a form that no instance knows", encoded,
			tableName)
	case q.unbuilt != "":
		return fmt.Errorf("the simulator does not evaluate %q", q.unbuilt)
	}
	return nil
}

// decodeColumns reads a row of the table in the path. A column that it does not have would be dropped without a word.
func (s *Server) decodeColumns(r *http.Request) (Record, error) {
	var values Record
	if err := decode(r, &values); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[r.PathValue("table")]
	if t == nil {
		return nil, errAdminNotFound
	}
	for column := range values {
		if t.column(column) == nil && column != "sys_id" {
			return nil, fmt.Errorf("table %s has no column %s", t.Name, column)
		}
	}
	return values, nil
}

func adminAnswer(w http.ResponseWriter, r *http.Request, do func(*http.Request) (any, error)) {
	body, err := do(r)
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
		if known, ok := err.(*adminError); ok { //nolint:errorlint // made in this file, never wrapped
			status = known.status
		}
		body = map[string]string{"error": err.Error()}
	}
	if body == nil {
		body = map[string]string{}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
