package kibana

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Connector is what a test sees of a stored connector: everything but its secrets.
type Connector struct {
	ID               string         `json:"id"`
	Space            string         `json:"space"`
	Name             string         `json:"name"`
	TypeID           string         `json:"connector_type_id"`
	Config           map[string]any `json:"config"`
	IsMissingSecrets bool           `json:"is_missing_secrets"`
}

// Request is one request as the server met it. It carries no header, and the values of secrets are left out of Body.
type Request struct {
	Time   time.Time       `json:"time"`
	Method string          `json:"method"`
	Path   string          `json:"path"` // with the space prefix and the query
	User   string          `json:"user,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	Status int             `json:"status"`
}

// Connectors answers the stored connectors of all spaces, ordered by space, name and id.
func (s *Server) Connectors() []Connector {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Connector, 0, len(s.connectors))
	for _, found := range s.connectors {
		all = append(all, Connector{
			ID: found.id, Space: found.space, Name: found.name, TypeID: found.typeID, Config: maps.Clone(found.config),
			IsMissingSecrets: found.missingSecrets,
		})
	}
	slices.SortFunc(all, func(a, b Connector) int {
		return slices.Compare([]string{a.Space, a.Name, a.ID}, []string{b.Space, b.Name, b.ID})
	})
	return all
}

// Set changes a connector behind everyone's back, as another administrator would: a non-empty name replaces the name,
// keys of config replace those stored, and a nil value removes its key. Nothing is validated. It fails if there is no
// such connector.
func (s *Server) Set(id, name string, config map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.connectors[id]
	if found == nil {
		return fmt.Errorf("kibana: no connector %q", id)
	}
	if name != "" {
		found.name = name
	}
	changed := maps.Clone(found.config)
	for key, value := range config {
		if value == nil {
			delete(changed, key)
		} else {
			changed[key] = value
		}
	}
	found.config = changed
	found.revision++
	delete(s.tokens, id)
	return nil
}

// Insert stores a connector as it is, without the checks of the API, and returns its id: the one given, or a new one.
// It fails if the id is taken, or the space or the type unknown.
func (s *Server) Insert(c Connector, secrets map[string]any) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Space == "" {
		c.Space = defaultSpace
	}
	if c.ID == "" {
		c.ID = s.newID(c.Space, c.TypeID, c.Name)
	}
	switch {
	case s.connectors[c.ID] != nil:
		return "", fmt.Errorf("kibana: connector %q exists", c.ID)
	case s.spaces[c.Space] == nil:
		return "", fmt.Errorf("kibana: no space %q", c.Space)
	case s.typeByID(s.version, c.TypeID) == nil:
		return "", fmt.Errorf("kibana: no connector type %q in Kibana %s", c.TypeID, s.version)
	}
	if c.Config == nil {
		c.Config = map[string]any{}
	}
	if secrets == nil {
		secrets = map[string]any{}
	}
	s.connectors[c.ID] = &connector{
		id: c.ID, space: c.Space, name: c.Name, typeID: c.TypeID, config: maps.Clone(c.Config),
		secrets: maps.Clone(secrets), missingSecrets: c.IsMissingSecrets,
	}
	return c.ID, nil
}

// Delete removes a connector. It fails if there is no such connector.
func (s *Server) Delete(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connectors[id] == nil {
		return fmt.Errorf("kibana: no connector %q", id)
	}
	delete(s.connectors, id)
	delete(s.tokens, id)
	return nil
}

// MarkMissingSecrets does to a connector what an import of saved objects does: its secrets are gone and
// is_missing_secrets is true until the next PUT. It fails if there is no such connector.
func (s *Server) MarkMissingSecrets(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.connectors[id]
	if found == nil {
		return fmt.Errorf("kibana: no connector %q", id)
	}
	found.missingSecrets, found.secrets = true, map[string]any{}
	found.revision++
	delete(s.tokens, id)
	return nil
}

// Secrets answers a connector's stored secrets, for assertions; nil if there is no such connector.
func (s *Server) Secrets(id string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.connectors[id]; found != nil {
		return maps.Clone(found.secrets)
	}
	return nil
}

// Requests answers the requests served so far, oldest first, at most 10,000. Those of the admin API are not among them.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ResetRequests forgets the requests served so far.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

const maximumRequests = 10_000

func (s *Server) record(r *http.Request, path string, c *call, status int) {
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	entry := Request{
		Time: s.options.Clock(), Method: r.Method, Path: path, User: c.user.Username, Body: withoutSecrets(c.body),
		Status: status,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) >= maximumRequests {
		s.requests = s.requests[1:]
	}
	s.requests = append(s.requests, entry)
}

// withoutSecrets answers the body with every value under its "secrets" key replaced, and nothing of a body that is not
// an object: what cannot be read cannot be cleaned.
func withoutSecrets(body []byte) json.RawMessage {
	var document map[string]any
	if json.Unmarshal(body, &document) != nil {
		return nil
	}
	if secrets, found := document["secrets"]; found {
		named, _ := secrets.(map[string]any)
		hidden := make(map[string]any, len(named))
		for key, value := range named {
			if value != nil {
				value = "[redacted]"
			}
			hidden[key] = value
		}
		document["secrets"] = hidden
	}
	clean, err := json.Marshal(document)
	if err != nil {
		return nil
	}
	return clean
}

// Upgrade moves the server to another release and migrates what it has stored, as Kibana does at its first start:
// 7.10 takes case mappings out of connectors, 7.16 sets usesTableApi where it is missing, 8.3 sets isOAuth. A downgrade
// fails.
func (s *Server) Upgrade(to string) error {
	next, err := parseVersion(to)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.version
	if next.before(from.major, from.minor) {
		return fmt.Errorf("kibana: cannot go back from %s to %s", from, next)
	}
	for _, found := range s.connectors {
		found.config = migrate(from, next, found.typeID, found.config)
		found.revision++
	}
	s.version = next
	s.tokens = map[string]token{}
	return nil
}

func migrate(from, next version, typeID string, config map[string]any) map[string]any {
	migrated := maps.Clone(config)
	setDefault := func(key string, value any) {
		if _, present := migrated[key]; !present {
			migrated[key] = value
		}
	}
	if from.crosses(next, 7, 8) && typeID == typeITSM {
		if mapping, present := migrated["casesConfiguration"]; present {
			delete(migrated, "casesConfiguration")
			migrated["incidentConfiguration"] = mapping
			setDefault("isCaseOwned", true)
		}
	}
	if from.crosses(next, 7, 10) {
		for _, key := range []string{"casesConfiguration", "incidentConfiguration", "isCaseOwned"} {
			delete(migrated, key)
		}
	}
	serviceNow := typeID == typeITSM || typeID == typeSecOps
	if from.crosses(next, 7, 16) && serviceNow {
		setDefault("usesTableApi", true)
	}
	if from.crosses(next, 8, 3) && (serviceNow || typeID == typeITOM) {
		setDefault("isOAuth", false)
	}
	return migrated
}

// adminPrefix is where the simulator is steered over HTTP. It needs no credentials and answers plain errors.
const adminPrefix = "/simulator/kibana/"

func (s *Server) adminRoutes(mux *http.ServeMux) {
	answer := func(w http.ResponseWriter, err error, body any) {
		switch {
		case err != nil:
			write(w, failure(http.StatusNotFound, "%s", err))
		case body == nil:
			write(w, reply{status: http.StatusNoContent})
		default:
			write(w, ok(body))
		}
	}
	mux.HandleFunc("GET "+adminPrefix+"connectors", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, nil, s.Connectors())
	})
	mux.HandleFunc("PATCH "+adminPrefix+"connectors/{id}", func(w http.ResponseWriter, r *http.Request) {
		var change struct {
			Name   string         `json:"name"`
			Config map[string]any `json:"config"`
		}
		if err := readAdmin(r, &change); err != nil {
			write(w, failure(http.StatusBadRequest, "%s", err))
			return
		}
		answer(w, s.Set(r.PathValue("id"), change.Name, change.Config), nil)
	})
	mux.HandleFunc("DELETE "+adminPrefix+"connectors/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, s.Delete(r.PathValue("id")), nil)
	})
	mux.HandleFunc("POST "+adminPrefix+"connectors/{id}/missing_secrets", func(w http.ResponseWriter, r *http.Request) {
		answer(w, s.MarkMissingSecrets(r.PathValue("id")), nil)
	})
	mux.HandleFunc("GET "+adminPrefix+"connectors/{id}/secrets", func(w http.ResponseWriter, r *http.Request) {
		secrets := s.Secrets(r.PathValue("id"))
		if secrets == nil {
			answer(w, fmt.Errorf("kibana: no connector %q", r.PathValue("id")), nil)
			return
		}
		answer(w, nil, digests(secrets))
	})
	mux.HandleFunc("GET "+adminPrefix+"requests", func(w http.ResponseWriter, _ *http.Request) {
		requests := s.Requests()
		if requests == nil {
			requests = []Request{}
		}
		answer(w, nil, requests)
	})
	mux.HandleFunc("DELETE "+adminPrefix+"requests", func(w http.ResponseWriter, _ *http.Request) {
		s.ResetRequests()
		answer(w, nil, nil)
	})
	mux.HandleFunc("POST "+adminPrefix+"upgrade", func(w http.ResponseWriter, r *http.Request) {
		var change struct {
			Version string `json:"version"`
		}
		err := readAdmin(r, &change)
		if err == nil {
			err = s.Upgrade(change.Version)
		}
		if err != nil {
			write(w, failure(http.StatusBadRequest, "%s", err))
			return
		}
		answer(w, nil, nil)
	})
	mux.HandleFunc("POST "+adminPrefix+"reset", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		answer(w, nil, nil)
	})
	mux.HandleFunc("GET "+adminPrefix+"snapshots", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, nil, s.Snapshots())
	})
	mux.HandleFunc("PUT "+adminPrefix+"snapshots/{name}", func(w http.ResponseWriter, r *http.Request) {
		s.SaveSnapshot(r.PathValue("name"))
		answer(w, nil, nil)
	})
	mux.HandleFunc("POST "+adminPrefix+"snapshots/{name}/restore", func(w http.ResponseWriter, r *http.Request) {
		answer(w, s.RestoreSnapshot(r.PathValue("name")), nil)
	})
	mux.HandleFunc("DELETE "+adminPrefix+"snapshots/{name}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, s.DeleteSnapshot(r.PathValue("name")), nil)
	})
	mux.HandleFunc("POST "+adminPrefix+"connectors", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Connector

			Secrets map[string]any `json:"secrets"`
		}
		err := readAdmin(r, &in)
		id := ""
		if err == nil {
			id, err = s.Insert(in.Connector, in.Secrets)
		}
		if err != nil {
			write(w, failure(http.StatusBadRequest, "%s", err))
			return
		}
		answer(w, nil, map[string]any{"id": id})
	})
	s.adminCaseRoutes(mux, answer)
	mux.HandleFunc(adminPrefix, func(w http.ResponseWriter, _ *http.Request) {
		write(w, failure(http.StatusNotFound, "Not Found"))
	})
}

// digests lets a test over HTTP compare secrets without the server ever printing one: SHA-256 in hex, or null.
func digests(secrets map[string]any) map[string]any {
	out := make(map[string]any, len(secrets))
	for key, value := range secrets {
		if value != nil {
			sum := sha256.Sum256(fmt.Append(nil, value))
			value = hex.EncodeToString(sum[:])
		}
		out[key] = value
	}
	return out
}

func readAdmin(r *http.Request, into any) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maximumBody))
	if err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	return nil
}

// Version is the release that the server imitates now, such as "9.1.0".
func (s *Server) Version() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version.String()
}

// Cases returns the cases of all spaces as the API renders them, ordered by id.
func (s *Server) Cases() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]map[string]any, 0, len(s.cases))
	for _, id := range sortedKeys(s.cases) {
		all = append(all, s.cases[id].render())
	}
	return all
}
