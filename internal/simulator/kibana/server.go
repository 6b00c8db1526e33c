// Package kibana is a simulated Kibana: connectors, case settings and cases as their HTTP APIs answer, release by
// release, held in memory.
//
// It exists for the parts of Kibana that a Terraform provider meets: version-dependent routes and keys, strict bodies,
// three generations of error texts, secrets that never come back, deprecated connectors, and _execute, which really
// calls the system behind a connector with the connector's own credentials.
package kibana

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options configure a Server. The zero value is a Kibana 9.1.0 with a trial licence, the user elastic with the
// password changeme, the default space, and no restriction of hosts or connector types.
type Options struct {
	Version            string           // "9.1.0"; 7.0 and later, "-SNAPSHOT" allowed
	Username, Password string           // "elastic", "changeme": a superuser
	Users              []User           // further users
	APIKeys            []string         // encoded values (base64 of id:key) accepted as "Authorization: ApiKey …"
	BearerTokens       []string         // accepted as "Authorization: Bearer …"
	Spaces             []string         // ids of the spaces besides "default"
	BasePath           string           // server.basePath, rewritten: everything lives below "/kibana"; ""
	BuildFlavor        string           // "traditional" or "serverless"; "traditional"
	AllowedHosts       []string         // xpack.actions.allowedHosts; ["*"]
	EnabledActionTypes []string         // xpack.actions.enabledActionTypes; ["*"]
	License            string           // basic, standard, gold, platinum, enterprise or trial; "trial"
	LicenseExpired     bool             // types beyond basic are refused, by name of the expired licence
	Preconfigured      []Preconfigured  // xpack.actions.preconfigured
	HTTPClient         *http.Client     // for what _execute calls; a client with a timeout of 60 s
	Clock              func() time.Time // time.Now
	DeterministicIDs   bool             // ids follow from what is created: the same in every run

	// UnknownSpaces is what requests meet in a space that does not exist; UnknownSpacesWork.
	UnknownSpaces UnknownSpaces
	// StatusForAPIKeys is what GET /api/status answers to API keys and bearer tokens; StatusFull, and for serverless
	// StatusRedacted.
	StatusForAPIKeys StatusForAPIKeys
	// ConnectorIDUnderscores lets connector ids of 9.4 and newer hold "_", as the first builds of 9.4 did.
	ConnectorIDUnderscores bool
	// CustomFieldLists lets custom fields of cases be of the type list, which no released Kibana is known to have.
	CustomFieldLists bool
	// PatchKeepsTemplates keeps the templates of a case configuration that a PATCH leaves out. Kibana's sources empty
	// them.
	PatchKeepsTemplates bool
	// PluginUnavailable lets GET /api/status answer 503 with its whole report, as a Kibana does of which one plugin is
	// unavailable while its other routes serve.
	PluginUnavailable bool

	// UnauthenticatedStatusRedacted says what GET /api/status answers without credentials: the overall level and
	// no version (true, and nil), or 401 (false).
	UnauthenticatedStatusRedacted *bool
}

// Preconfigured is a connector from kibana.yml: seen in every space, never changed by the API.
type Preconfigured struct {
	ID, Name, TypeID string
	Config, Secrets  map[string]any
	ExposeConfig     bool // show config in answers
}

// Server is the simulated Kibana. It is safe for concurrent use; make one with New.
type Server struct {
	options Options
	mux     *http.ServeMux
	types   []*connectorType

	switches atomic.Pointer[Switches]

	mu           sync.Mutex
	version      version
	users        []User // the superuser among them
	spaces       map[string]map[string]any
	connectors   map[string]*connector
	tokens       map[string]token // OAuth tokens by connector id
	caseSettings map[string]*caseSettings
	cases        map[string]*caseDocument
	sequence     int            // of saved-object versions
	issued       map[string]int // how often DeterministicIDs has made an id of the same parts
	start        *state         // what Reset goes back to
	snapshots    map[string]state
	requests     []Request
}

// New makes a Server. It fails on an unreadable version, an unknown licence, or a preconfigured connector that has no
// id or an unknown type.
func New(options Options) (*Server, error) {
	orDefault := func(value *string, fallback string) {
		if *value == "" {
			*value = fallback
		}
	}
	orDefault(&options.Version, "9.1.0")
	orDefault(&options.Username, "elastic")
	orDefault(&options.Password, "changeme")
	orDefault(&options.License, "trial")
	if options.AllowedHosts == nil {
		options.AllowedHosts = []string{"*"}
	}
	if options.EnabledActionTypes == nil {
		options.EnabledActionTypes = []string{"*"}
	}
	if options.HTTPClient == nil {
		options.HTTPClient = &http.Client{Timeout: time.Minute}
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	orDefault(&options.BuildFlavor, flavorTraditional)
	orDefault((*string)(&options.UnknownSpaces), string(UnknownSpacesWork))
	if options.StatusForAPIKeys == "" {
		options.StatusForAPIKeys = StatusFull
		if options.BuildFlavor == flavorServerless {
			options.StatusForAPIKeys = StatusRedacted
		}
	}
	options.BasePath = strings.TrimSuffix(options.BasePath, "/")

	v, err := parseVersion(options.Version)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{flavorTraditional, flavorServerless}, options.BuildFlavor) {
		return nil, fmt.Errorf("kibana build flavor %q: want traditional or serverless", options.BuildFlavor)
	}
	if options.BasePath != "" && !strings.HasPrefix(options.BasePath, "/") {
		return nil, fmt.Errorf("kibana base path %q: want a path that starts with /", options.BasePath)
	}
	s := &Server{
		options: options, version: v, types: connectorTypes(),
		connectors: map[string]*connector{}, tokens: map[string]token{},
		caseSettings: map[string]*caseSettings{}, cases: map[string]*caseDocument{},
		users:  []User{superuser(options.Username, options.Password)},
		spaces: map[string]map[string]any{defaultSpace: newSpace(defaultSpace, "Default")},
	}
	s.users[0].APIKeys = options.APIKeys
	err = s.SetSwitches(Switches{
		License: options.License, LicenseExpired: options.LicenseExpired, AllowedHosts: options.AllowedHosts,
		EnabledActionTypes: options.EnabledActionTypes, UnknownSpaces: options.UnknownSpaces,
		StatusForAPIKeys: options.StatusForAPIKeys, ConnectorIDUnderscores: options.ConnectorIDUnderscores,
		CustomFieldLists: options.CustomFieldLists, PatchKeepsTemplates: options.PatchKeepsTemplates,
		PluginUnavailable: options.PluginUnavailable,
	})
	if err != nil {
		return nil, err
	}
	for _, user := range options.Users {
		if err := s.SetUser(user); err != nil {
			return nil, err
		}
	}
	for _, id := range options.Spaces {
		if !spaceID.MatchString(id) {
			return nil, fmt.Errorf("kibana space %q: want lowercase letters, digits, _ and -", id)
		}
		s.spaces[id] = newSpace(id, id)
	}
	for _, p := range options.Preconfigured {
		if p.ID == "" || s.typeByID(v, p.TypeID) == nil {
			return nil, fmt.Errorf("preconfigured connector %q: Kibana %s has no connector type %q", p.ID, v, p.TypeID)
		}
	}
	s.mux = s.routes()
	s.issued, s.snapshots = map[string]int{}, map[string]state{}
	s.KeepAsStart()
	return s, nil
}

// call is one request on its way through the server.
type call struct {
	*http.Request
	space     string
	user      User
	version   version
	body      []byte
	anonymous bool
	token     bool // by API key or bearer token
}

// reply is a status and its JSON body; a nil body sends none.
type reply struct {
	status int
	body   any
}

func ok(body any) reply { return reply{http.StatusOK, body} }

// failure is Kibana's error envelope.
func failure(status int, format string, args ...any) reply {
	return reply{status, map[string]any{
		"statusCode": status, "error": http.StatusText(status), "message": fmt.Sprintf(format, args...),
	}}
}

func notFound(kind, id string) reply {
	return failure(http.StatusNotFound, "Saved object [%s/%s] not found", kind, id)
}

type handler func(c *call) reply

// release bounds a route: it exists from since up to, not including, until.
type release struct{ since, until version }

var (
	always      = release{until: version{major: 1 << 30}}
	before78    = release{until: version{major: 7, minor: 8}}
	from78to9   = release{version{major: 7, minor: 8}, version{major: 9}}
	from713     = release{version{major: 7, minor: 13}, version{major: 1 << 30}}
	casesAPI    = release{version{major: 7, minor: 14}, version{major: 1 << 30}}
	clientIDs   = release{version{major: 8, minor: 8}, version{major: 1 << 30}}
	maximumBody = int64(1 << 20) // server.maxPayload
)

func (r release) has(v version) bool {
	return v.atLeast(r.since.major, r.since.minor) && v.before(r.until.major, r.until.minor)
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	add := func(when release, pattern string, h handler) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			c := callOf(r)
			c.Request = r // the one that carries the path's values
			if !when.has(c.version) {
				write(w, failure(http.StatusNotFound, "Not Found"))
				return
			}
			write(w, h(c))
		})
	}
	add(always, "GET /api/status", s.status)
	add(always, "GET /api/licensing/info", s.licensingInfo)

	add(from713, "POST /api/actions/connector", s.create(modern))
	add(clientIDs, "POST /api/actions/connector/{id}", s.create(modern))
	add(clientIDs, "POST /api/actions/connector/{$}", s.create(modern)) // {id?}: an empty id is none
	add(from713, "PUT /api/actions/connector/{id}", s.update(modern))
	add(from713, "GET /api/actions/connector/{id}", s.get(modern))
	add(from713, "DELETE /api/actions/connector/{id}", s.delete)
	add(from713, "GET /api/actions/connectors", s.list(modern))
	add(from713, "GET /api/actions/connector_types", s.listTypes(modern))
	add(from713, "POST /api/actions/connector/{id}/_execute", s.run(modern))

	add(from78to9, "POST /api/actions/action", s.create(legacy))
	add(from78to9, "PUT /api/actions/action/{id}", s.update(legacy))
	add(from78to9, "GET /api/actions/action/{id}", s.get(legacy))
	add(from78to9, "DELETE /api/actions/action/{id}", s.delete)
	add(from78to9, "GET /api/actions", s.list(legacy))
	add(from78to9, "GET /api/actions/list_action_types", s.listTypes(legacy))
	add(from78to9, "POST /api/actions/action/{id}/_execute", s.run(legacy))

	add(before78, "POST /api/action", s.create(legacy))
	add(before78, "PUT /api/action/{id}", s.update(legacy))
	add(before78, "GET /api/action/{id}", s.get(legacy))
	add(before78, "DELETE /api/action/{id}", s.delete)
	add(before78, "GET /api/action/_getAll", s.list(legacy))
	add(before78, "GET /api/action/types", s.listTypes(legacy))
	add(before78, "POST /api/action/{id}/_execute", s.run(legacy))

	add(casesAPI, "GET /api/cases/configure", s.listCaseSettings)
	add(casesAPI, "POST /api/cases/configure", s.createCaseSettings)
	add(casesAPI, "PATCH /api/cases/configure/{id}", s.updateCaseSettings)
	add(casesAPI, "GET /api/cases/configure/connectors/_find", s.listCaseConnectors)
	add(casesAPI, "POST /api/cases", s.createCase)
	add(casesAPI, "GET /api/cases/{id}", s.getCase)
	add(casesAPI, "POST /api/cases/{id}/comments", s.commentCase)
	add(casesAPI, "POST /api/cases/{id}/connector/{connector}/_push", s.pushCase)

	add(always, "GET /api/spaces/space", s.listSpaces)
	add(always, "POST /api/spaces/space", s.createSpace)
	add(always, "GET /api/spaces/space/{id}", s.getSpace)
	add(always, "PUT /api/spaces/space/{id}", s.updateSpace)
	add(always, "DELETE /api/spaces/space/{id}", s.deleteSpace)

	s.adminRoutes(mux)
	s.adminSwitchRoutes(mux)
	return mux
}

const (
	flavorTraditional = "traditional"
	flavorServerless  = "serverless"
)

type callKey struct{}

func callOf(r *http.Request) *call {
	c, _ := r.Context().Value(callKey{}).(*call)
	return c
}

// ServeHTTP answers one request. Checks come in Kibana's order: credentials, kbn-xsrf, body, space, route.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		s.mux.ServeHTTP(w, r)
		return
	}
	w.Header().Set("kbn-name", "kibana-simulator")
	w.Header().Set("Cache-Control", "private, no-cache, no-store, must-revalidate")
	recorder := &statusRecorder{ResponseWriter: w}
	c := &call{space: defaultSpace}
	s.mu.Lock()
	c.version = s.version
	s.mu.Unlock()
	path := r.URL.Path
	defer func() { s.record(r, path, c, recorder.status) }()

	r, below := belowBasePath(r, s.options.BasePath)
	if !below {
		write(recorder, failure(http.StatusNotFound, "Not Found"))
		return
	}
	if rest, found := strings.CutPrefix(r.URL.Path, "/s/"); found {
		space, tail, _ := strings.Cut(rest, "/")
		c.space = space
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawPath = "/"+tail, ""
		if _, raw, found := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/s/"), "/"); found {
			inner.URL.RawPath = "/" + raw
		}
		r = inner
	}
	if refused, problem := s.admit(c, r); problem {
		write(recorder, refused)
		return
	}
	if _, pattern := s.mux.Handler(r); pattern == "" {
		if target := s.redirect(c, r); target != "" {
			recorder.Header().Set("Location", target)
			write(recorder, reply{status: http.StatusFound})
			return
		}
		write(recorder, failure(http.StatusNotFound, "Not Found"))
		return
	}
	s.mux.ServeHTTP(recorder, r.WithContext(context.WithValue(r.Context(), callKey{}, c)))
}

// belowBasePath takes the base path off a request. A request beside it is none of this Kibana's.
func belowBasePath(r *http.Request, base string) (*http.Request, bool) {
	if base == "" {
		return r, true
	}
	rest, below := strings.CutPrefix(r.URL.Path, base)
	if !below || rest != "" && !strings.HasPrefix(rest, "/") {
		return r, false
	}
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = rest, strings.TrimPrefix(r.URL.RawPath, base)
	if rest == "" {
		inner.URL.Path = "/"
	}
	return inner, true
}

// redirect answers where a browser is sent from the root and from a path with a trailing slash: always below the base
// path and inside the space.
func (s *Server) redirect(c *call, r *http.Request) string {
	if r.Method != http.MethodGet {
		return ""
	}
	prefix := s.options.BasePath
	if c.space != defaultSpace {
		prefix += "/s/" + c.space
	}
	switch {
	case r.URL.Path == "/" || r.URL.Path == "":
		return prefix + "/spaces/enter"
	case strings.HasSuffix(r.URL.Path, "/") && !strings.HasPrefix(r.URL.Path, "//"):
		target := prefix + strings.TrimSuffix(r.URL.EscapedPath(), "/")
		if r.URL.RawQuery != "" {
			target += "?" + r.URL.RawQuery
		}
		return target
	}
	return ""
}

// admit runs the checks that come before any route, and reads the body.
func (s *Server) admit(c *call, r *http.Request) (reply, bool) {
	if refused, problem := s.authenticate(c, r); problem {
		return refused, true
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		// kbn-version is the other header that proves a request was not forged by a browser's form.
		if sent := r.Header.Get("kbn-version"); sent != "" && sent != c.version.String() {
			return failure(http.StatusBadRequest, "Browser client is out of date, please refresh the page "+
				"(\"kbn-version\" header was %q but should be %q)", sent, c.version.String()), true
		} else if sent == "" && r.Header.Get("kbn-xsrf") == "" {
			return failure(http.StatusBadRequest, "Request must contain a kbn-xsrf header."), true
		}
		if sent := r.Header.Get("Content-Type"); sent != "" {
			if media, _, err := mime.ParseMediaType(sent); err != nil || media != "application/json" {
				return failure(http.StatusUnsupportedMediaType, "Unsupported Media Type"), true
			}
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, maximumBody+1))
		if err != nil {
			return failure(http.StatusBadRequest, "Error reading the request payload"), true
		}
		if int64(len(body)) > maximumBody {
			return failure(http.StatusRequestEntityTooLarge,
				"Payload content length greater than maximum allowed: %d", maximumBody), true
		}
		c.body = bytes.TrimSpace(body)
		if len(c.body) > 0 && !json.Valid(c.body) {
			return failure(http.StatusBadRequest, "Invalid request payload JSON format"), true
		}
	}
	if s.Switches().UnknownSpaces == UnknownSpacesRefused {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.spaces[c.space] == nil {
			return notFound("space", c.space), true
		}
	}
	return reply{}, false
}

func (s *Server) authenticate(c *call, r *http.Request) (reply, bool) {
	scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	redacted := s.options.UnauthenticatedStatusRedacted
	switch strings.ToLower(scheme) {
	case "":
		if r.URL.Path == "/api/status" && (redacted == nil || *redacted) {
			c.anonymous = true
			return reply{}, false
		}
		return failure(http.StatusUnauthorized, "Unauthorized"), true
	case "basic":
		username, password, _ := r.BasicAuth()
		for _, user := range s.allUsers() {
			if user.Username == username && user.Password != "" && sameSecret(user.Password, password) {
				c.user = user
				return reply{}, false
			}
		}
		return failure(http.StatusUnauthorized, "[security_exception: [security_exception] Reason: unable to "+
			"authenticate user [%s] for REST request [/_security/_authenticate]]: unable to authenticate user [%s] "+
			"for "+
			"REST request [/_security/_authenticate]", username, username), true
	case "apikey":
		for _, user := range s.allUsers() {
			if slices.ContainsFunc(user.APIKeys, func(key string) bool { return sameSecret(key, credential) }) {
				c.user, c.token = user, true
				return reply{}, false
			}
		}
		return failure(http.StatusUnauthorized, "[security_exception: [security_exception] Reason: unable to "+
			"authenticate with provided credentials and anonymous access is not allowed for this request]"), true
	case "bearer":
		if slices.ContainsFunc(s.options.BearerTokens, func(t string) bool { return sameSecret(t, credential) }) {
			c.user, c.token = superuser(s.options.Username, ""), true
			return reply{}, false
		}
	}
	return failure(http.StatusUnauthorized, "Unauthorized"), true
}

func (s *Server) allUsers() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users // replaced whole when one changes
}

func sameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (s *Server) status(c *call) reply {
	code := http.StatusOK
	overall := map[string]any{"level": "available", "summary": "All services and plugins are available"}
	if c.version.before(8, 0) {
		overall = map[string]any{"state": "green", "title": "Green", "nickname": "Looking good", "icon": "success"}
	}
	if s.Switches().PluginUnavailable {
		code = http.StatusServiceUnavailable
		overall = map[string]any{"level": "unavailable", "summary": "1 plugin is unavailable: fleet"}
		if c.version.before(8, 0) {
			overall = map[string]any{"state": "red", "title": "Red", "icon": "danger"}
		}
	}
	if c.token {
		switch s.Switches().StatusForAPIKeys {
		case StatusRefused:
			return failure(http.StatusForbidden, "Forbidden")
		case StatusRedacted:
			c.anonymous = true
		case StatusFull:
		}
	}
	if c.anonymous {
		delete(overall, "summary")
		return reply{status: code, body: map[string]any{"status": map[string]any{"overall": overall}}}
	}
	number := map[string]any{
		"number": c.version.String(), "build_hash": strings.Repeat("0", 40), "build_number": 1,
		"build_snapshot": c.version.snapshot,
	}
	if c.version.atLeast(8, 10) {
		number["build_flavor"], number["build_date"] = s.options.BuildFlavor, "2025-01-01T00:00:00.000Z"
	}
	status := map[string]any{"overall": overall}
	if c.version.atLeast(8, 0) {
		status["core"], status["plugins"] = map[string]any{}, map[string]any{}
	} else {
		status["statuses"] = []any{}
	}
	return reply{status: code, body: map[string]any{
		"name": "kibana-simulator", "uuid": "5b2de169-2785-441b-ae8c-186a1936b17d", "version": number, "status": status,
		"metrics": map[string]any{},
	}}
}

func write(w http.ResponseWriter, r reply) {
	if r.body == nil {
		w.WriteHeader(r.status)
		return
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r.body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(r.status)
	// A client that went away is not the fault of the server's, and there is no one left to tell.
	_, _ = w.Write(bytes.TrimSuffix(buffer.Bytes(), []byte("\n")))
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// decodeBody reads the request's body as an object, or answers Kibana's refusal of anything else.
func (c *call) decodeBody() (map[string]any, *reply) {
	var value any
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &value); err != nil {
			refused := failure(http.StatusBadRequest, "Invalid request payload JSON format")
			return nil, &refused
		}
	}
	body, isObject := value.(map[string]any)
	if !isObject {
		refused := failure(http.StatusBadRequest,
			"[request body]: expected a plain object value, but found [%s] instead.", typeName(value))
		return nil, &refused
	}
	return body, nil
}

// validBody reads and checks the body. Routes validate with config-schema in every release.
func (c *call) validBody(s schema) (map[string]any, *reply) {
	given, refused := c.decodeBody()
	if refused != nil {
		return nil, refused
	}
	completed, faults := s.validate(configSchema, given)
	if len(faults) > 0 {
		r := failure(http.StatusBadRequest, "%s", faults[0].configSchema("request body"))
		return nil, &r
	}
	body, _ := completed.(map[string]any)
	return body, nil
}

// newID is a random UUID of version 4. With DeterministicIDs it follows from the parts and from how many ids of the
// same parts came before. The caller holds s.mu.
func (s *Server) newID(parts ...string) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	if s.options.DeterministicIDs {
		key := strings.Join(parts, "\x00")
		s.issued[key]++
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, s.issued[key]))
		copy(b[:], sum[:])
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// nextVersion is the version of a saved object: base64 of [sequence, primary term]. The caller holds s.mu.
func (s *Server) nextVersion() string {
	s.sequence++
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "[%d,1]", s.sequence))
}

// isoTime is Date.prototype.toISOString.
func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
