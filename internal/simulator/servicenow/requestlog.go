package servicenow

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Request is one request as the instance saw it: names of body columns, never their values; credentials by kind only.
type Request struct {
	Time    time.Time `json:"time"`
	Method  string    `json:"method"`
	Path    string    `json:"path"`
	Query   string    `json:"query,omitempty"`   // decoded; a key in it is blanked out
	Columns []string  `json:"columns,omitempty"` // sorted names of the JSON body's keys or form fields
	Auth    string    `json:"auth,omitempty"`    // "Basic", "Bearer" or "x-sn-apikey"
	Agent   string    `json:"agent,omitempty"`
	Status  int       `json:"status"` // 0: no answer was sent (a dropped or reset connection)
}

// Requests returns the requests so far in order of arrival; those below /simulator/ are not logged.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := make([]Request, 0, len(s.requests))
	for _, entry := range s.requests {
		log = append(log, *entry)
	}
	return log
}

// ForgetRequests empties the request log.
func (s *Server) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController and fault injection reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// maxLogged bounds the log of a long-lived simulator.
const maxLogged = 100000

func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, adminPrefix) {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody+1))
		if err == nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		entry := Request{
			Time: s.opts.Clock(), Method: r.Method, Path: r.URL.Path, Query: loggedQuery(r.URL.Query()),
			Columns: columnNames(r.Header.Get("Content-Type"), body), Auth: authKind(r), Agent: r.UserAgent(),
		}
		writer := &statusWriter{ResponseWriter: w}
		// Logged on arrival: a client whose connection a fault resets may look before the handler returns.
		s.mu.Lock()
		if len(s.requests) < maxLogged {
			s.requests = append(s.requests, &entry)
		}
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			entry.Status = writer.status
		}()
		next.ServeHTTP(writer, r)
	})
}

func loggedQuery(query url.Values) string {
	if query.Get(apiKeyName) != "" {
		query.Set(apiKeyName, "REDACTED")
	}
	var parts []string
	for _, name := range sortedKeys(query) {
		for _, value := range query[name] {
			parts = append(parts, name+"="+value)
		}
	}
	return strings.Join(parts, "&")
}

func columnNames(contentType string, body []byte) []string {
	if strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil
		}
		return sortedKeys(form)
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return nil
	}
	return sortedKeys(object)
}

func authKind(r *http.Request) string {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if scheme == "" && (r.Header.Get(apiKeyName) != "" || r.URL.Query().Get(apiKeyName) != "") {
		return apiKeyName
	}
	return scheme
}
