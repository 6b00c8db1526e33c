// Package servicenow is a stateful, in-memory stand-in for a ServiceNow instance: Table, Import Set, Stats, Batch,
// CI/CD and OAuth APIs over tables driven by a dictionary, with roles, ACLs and REST access policies that are enforced.
// What it answers follows what instances were seen to answer; where nothing was seen, the comment says "inferred".
package servicenow

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
)

// The credentials of the seeded administrator when Options names none.
const (
	DefaultAdminUser     = "admin"
	DefaultAdminPassword = "admin"
)

// Options fits the instance. The zero value is a recent instance with the Elastic ITSM application installed.
type Options struct {
	AdminUser     string // default "admin"
	AdminPassword string // default "admin"
	// Apps are the scopes (or plugin ids) installed at the start; nil means x_elas2_inc_int, an empty slice none.
	Apps  []string
	Clock func() time.Time // default time.Now

	// Switches for what instances differ in, each off by default.
	IgnoreClientSysID     bool // a sys_id in a POST body is not honoured
	CountAfterACL         bool // X-Total-Count leaves out rows that the caller may not read
	LegacyRoleManagement  bool // one sys_user_has_role row per grant; default is one per user and role (V2)
	PasswordHashedAlways  bool // user_password works without sysparm_input_display_value=true
	DropAPIOnPolicyCreate bool // sys_api_access_policy.api is dropped from a POST; a later PATCH keeps it
	StrictPEM             bool // certificates whose base64 is not wrapped at 64 columns are refused
	LockAPIOnPolicy       bool // sys_api_access_policy.api is dropped from every write
	AcceptMissingJTI      bool // JTI verification passes an assertion that carries none
	HonourAPIKeyToken     bool // api_key.token may be set; by default the platform makes its own
	V2PluginActiveTrue    bool // v_plugin.active reads "true"/"false" in place of "active"/"inactive"
}

// Server is the simulated instance. It is an http.Handler, safe for concurrent use.
type Server struct {
	// Faults misbehaves on demand, in front of everything but the admin API.
	Faults *fault.Injector

	opts       Options
	behaviours map[string]behaviour
	hashKey    []byte
	handler    http.Handler
	admin      http.Handler

	mu       sync.Mutex
	url      string
	tables   map[string]*table
	shelves  map[string]*shelf
	guards   guards
	tokens   map[string]*token
	usedJTI  map[string]time.Time
	roles    map[string]map[string]bool // by user sys_id; dropped when a role table changes
	numbers  map[string]int
	oauthLog []OAuthAttempt
	requests []*Request
	jobs     map[string]*job
	outcomes map[string]Outcome

	generated   map[string]string // API key tokens by sys_id
	ahead       time.Duration     // by which Advance has moved the clock on
	seeding     bool              // shipped rows are being written: no dictionary or role bookkeeping
	reconciling bool              // inherited grants are being written
}

// New makes an instance with its shipped rows.
func New(opts Options) *Server {
	if opts.AdminUser == "" {
		opts.AdminUser = DefaultAdminUser
	}
	if opts.AdminPassword == "" {
		opts.AdminPassword = DefaultAdminPassword
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Apps == nil {
		opts.Apps = []string{ElasticITSM}
	}
	s := &Server{opts: opts, behaviours: newBehaviours(), hashKey: make([]byte, 32)}
	_, _ = rand.Read(s.hashKey)
	s.Faults = fault.New(fault.Options{ErrorBody: errorBody, RevokeTokens: s.RevokeTokens, Clock: opts.Clock})
	s.admin = s.adminHandler()
	s.handler = s.logged(s.Faults.Wrap(http.HandlerFunc(s.serve)))
	s.Reset()
	return s
}

// Reset puts the instance back to its first state: rows, tokens, guards, faults and logs. Sessions end with it.
func (s *Server) Reset() {
	s.Faults.Clear()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables = map[string]*table{}
	s.shelves = map[string]*shelf{}
	s.guards = newGuards()
	s.tokens = map[string]*token{}
	s.usedJTI = map[string]time.Time{}
	s.roles = map[string]map[string]bool{}
	s.numbers = map[string]int{}
	s.oauthLog, s.requests = nil, nil
	s.jobs = map[string]*job{}
	s.outcomes = map[string]Outcome{}
	s.generated = map[string]string{}
	s.ahead = 0
	s.seed()
}

// SetURL tells the instance its own address, which stands in links and computed URLs. Without it, each request's Host
// header serves.
func (s *Server) SetURL(instanceURL string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = strings.TrimSuffix(instanceURL, "/")
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// maxBody is the largest request body read: 10 MiB, the platform's default for REST.
const maxBody = 10 << 20

// call is one request on its way through the instance.
type call struct {
	method string
	path   string // without the query
	query  url.Values
	header http.Header
	body   []byte
	base   string // scheme://host of the instance as the client reached it
	caller *caller
	proof  credential
}

// answer is what is sent back. It holds no reference into the store, so it is encoded after the lock is released.
type answer struct {
	status int
	header http.Header
	body   any    // JSON; nil sends none
	raw    []byte // sent instead of body, as text
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		s.admin.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			send(w, refused(http.StatusRequestEntityTooLarge, "Request Entity Too Large", ""))
			return
		}
		panic(http.ErrAbortHandler)
	}
	base := "http://" + r.Host
	if r.TLS != nil {
		base = "https://" + r.Host
	}
	s.mu.Lock()
	if s.url == "" {
		s.url = base
	}
	transaction := newID()[:12]
	a := s.handle(&call{
		method: r.Method, path: r.URL.Path, query: r.URL.Query(), header: r.Header, body: body, base: base,
	})
	s.mu.Unlock()
	w.Header().Set("X-Transaction-Id", transaction)
	send(w, a)
}

func send(w http.ResponseWriter, a answer) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.raw != nil {
		w.WriteHeader(a.status)
		_, _ = w.Write(a.raw)
		return
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(a.body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(buffer.Bytes())
}

// handle authenticates and routes. The lock is held.
func (s *Server) handle(c *call) answer {
	if override := c.header.Get("X-Http-Method-Override"); override != "" && c.method == http.MethodPost {
		c.method = strings.ToUpper(override)
	}
	s.sweep()
	cors := s.corsHeaders(c)
	if c.method == http.MethodOptions && c.header.Get("Access-Control-Request-Method") != "" {
		return answer{status: http.StatusOK, header: cors}
	}
	a := s.route(c)
	if a.header == nil {
		a.header = http.Header{}
	}
	for name, values := range cors {
		a.header[name] = values
	}
	return a
}

func (s *Server) route(c *call) answer {
	switch c.path {
	case "/oauth_token.do":
		return s.oauthToken(c)
	case "/oauth_revoke_token.do":
		return s.oauthRevoke(c)
	}
	if !strings.HasPrefix(c.path, "/api/") {
		return answer{
			status: http.StatusNotFound, raw: []byte("Page not found"),
			header: http.Header{"Content-Type": {"text/html;charset=UTF-8"}},
		}
	}
	credential := s.authenticate(c)
	if credential.user == nil || !s.admitted(c, credential) {
		return notAuthenticated()
	}
	c.caller, c.proof = s.callerOf(credential), credential
	if missing := s.missingScope(c, credential); missing != "" {
		return refused(http.StatusForbidden, "Missing required api access scope: "+missing, "")
	}
	return s.dispatch(c)
}

// dispatch routes an authenticated call; the batch API comes in here again.
func (s *Server) dispatch(c *call) answer {
	seg := strings.Split(strings.Trim(strings.TrimPrefix(c.path, "/api/"), "/"), "/")
	if seg[0] == "now" && len(seg) > 1 {
		version := ""
		rest := seg[1:]
		if rest[0] == "v1" || rest[0] == "v2" || rest[0] == "latest" {
			version, rest = rest[0], rest[1:]
		}
		switch {
		case len(rest) == 2 && rest[0] == "table":
			return s.tableCollection(c, rest[1], version)
		case len(rest) == 3 && rest[0] == "table":
			return s.tableRecord(c, rest[1], rest[2])
		case len(rest) == 2 && rest[0] == "stats" && c.method == http.MethodGet:
			return s.stats(c, rest[1])
		case len(rest) == 2 && rest[0] == "import" && c.method == http.MethodPost:
			return s.importRow(c, rest[1])
		case len(rest) == 1 && rest[0] == "batch" && c.method == http.MethodPost:
			return s.batch(c)
		}
		return noResource()
	}
	if seg[0] == "sn_cicd" {
		return s.cicd(c, seg[1:])
	}
	return s.scripted(c)
}

func noResource() answer {
	return refused(http.StatusBadRequest, "Requested URI does not represent any resource", "")
}

func notAuthenticated() answer {
	a := refused(http.StatusUnauthorized, "User Not Authenticated", "Required to provide Auth information")
	a.header = http.Header{"Www-Authenticate": {`BASIC realm="Service-now"`}}
	return a
}

// refused makes the platform's error envelope; an empty detail is null.
func refused(status int, message, detail string) answer {
	inner := map[string]any{"message": message, "detail": nil}
	if detail != "" {
		inner["detail"] = detail
	}
	return answer{status: status, body: map[string]any{"error": inner, "status": "failure"}}
}

func result(status int, body any) answer {
	return answer{status: status, body: map[string]any{"result": body}}
}

// errorBody is the envelope for a status that the fault injector invents.
func errorBody(status int) []byte {
	message, detail := http.StatusText(status), ""
	switch status {
	case http.StatusTooManyRequests:
		message, detail = "Rate limit exceeded", "Rate limit of 100 requests per hour for Table API exceeded"
	case http.StatusUnauthorized:
		message, detail = "User Not Authenticated", "Required to provide Auth information"
	case http.StatusForbidden:
		message, detail = "Operation Failed", "ACL Exception Update Failed due to security constraints"
	}
	body, err := json.Marshal(refused(status, message, detail).body)
	if err != nil {
		return nil
	}
	return body
}
