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

// Options fits the instance. The zero value is a recent instance with the Elastic ITSM application installed. Members
// with a JSON name are switches: what instances differ in, or what is not known of them. Each is off by default, and
// can be changed while the instance runs (Configure, /simulator/switches).
type Options struct {
	AdminUser string `json:"-"` // default "admin"; holds snc_basic_auth_api_access besides admin
	// AdminPassword is by default "admin".
	AdminPassword string `json:"-"`
	// Apps are the scopes (or plugin ids) installed at the start; nil means x_elas2_inc_int, an empty slice none.
	Apps  []string         `json:"-"`
	Clock func() time.Time `json:"-"` // default time.Now
	// Release is the release family to imitate; default Zurich. New panics at one that Releases does not list.
	Release Release `json:"-"`

	// IgnoreClientSysID does not honour a sys_id in a POST body.
	IgnoreClientSysID bool `json:"ignore_client_sys_id"`
	// OwnIDs are tables in which a sys_id in a POST body is not honoured.
	OwnIDs []string `json:"own_ids"`
	// CountAfterACL leaves rows that the caller may not read out of X-Total-Count.
	CountAfterACL bool `json:"count_after_acl"`
	// LegacyRoleManagement keeps one sys_user_has_role row per grant; default is one per user and role (V2).
	LegacyRoleManagement bool `json:"legacy_role_management"`
	// PasswordHashedAlways makes user_password work without sysparm_input_display_value=true.
	PasswordHashedAlways bool `json:"password_hashed_always"`
	// DropAPIOnPolicyCreate drops sys_api_access_policy.api from a POST; a later PATCH keeps it.
	DropAPIOnPolicyCreate bool `json:"drop_api_on_policy_create"`
	// LockAPIOnPolicy drops sys_api_access_policy.api from every write.
	LockAPIOnPolicy bool `json:"lock_api_on_policy"`
	// StrictPEM refuses certificates whose base64 is not wrapped at 64 columns.
	StrictPEM bool `json:"strict_pem"`
	// AcceptMissingJTI lets JTI verification pass an assertion that carries none.
	AcceptMissingJTI bool `json:"accept_missing_jti"`
	// HonourAPIKeyToken lets api_key.token be set; by default the platform makes its own.
	HonourAPIKeyToken bool `json:"honour_api_key_token"`
	// ShowEncryptedSecrets makes two-way encrypted columns read back encrypted; by default they read back empty.
	ShowEncryptedSecrets bool `json:"show_encrypted_secrets"`
	// V2PluginActiveTrue makes v_plugin.active read "true" and "false" in place of "active" and "inactive".
	V2PluginActiveTrue bool `json:"v_plugin_active_true"`

	// DefaultScopeRestriction is the scope_restriction_status of an OAuth client that is registered without one:
	// "unrestricted", "restricted" or the name of an auth scope such as "useraccount". Default: by release.
	DefaultScopeRestriction string `json:"default_scope_restriction"`
	// OneAccessScopePerAPI refuses a second sys_api_access_scope row of one API whatever its method and resource.
	OneAccessScopePerAPI bool `json:"one_access_scope_per_api"`
	// UnsupportedGrantError answers a grant that is switched off with unsupported_grant_type.
	UnsupportedGrantError bool `json:"unsupported_grant_error"`
	// CurrentApplication is the scope (or its sys_id) on which the application picker of every account stands that has
	// no preference apps.current_app of its own; default global.
	CurrentApplication string `json:"current_application"`
	// RefuseTransactionScope is the status, 400 or 403, of a write that names a scope; it writes nothing.
	RefuseTransactionScope int `json:"refuse_transaction_scope"`
	// AllowCrossScopeWrites lets records of one scope be changed and deleted from another.
	AllowCrossScopeWrites bool `json:"allow_cross_scope_writes"`
	// RequireRESTRole refuses REST to accounts without the role snc_platform_rest_api_access.
	RequireRESTRole bool `json:"require_rest_role"`
	// ShowInactiveUsers switches the query rule off that hides inactive users from accounts without admin.
	ShowInactiveUsers bool `json:"show_inactive_users"`
	// EnforceMandatory gives every table a data policy over the columns that its dictionary calls mandatory. Without
	// one an instance leaves them to forms, and a REST insert may leave them empty.
	EnforceMandatory bool `json:"enforce_mandatory"`
	// CacheRoles keeps what an account may do from before a grant or its end until its sys_user row is written.
	CacheRoles bool `json:"cache_roles"`
	// UniqueViolationStatus is the status, 400, 403, 409 or 500, of a write that a unique index refuses; default 403.
	UniqueViolationStatus int `json:"unique_violation_status"`
	// DropInvalidValues stores nothing for a reference to no row and for a value that is none of a column's choices.
	DropInvalidValues bool `json:"drop_invalid_values"`
	// DeterministicIDs makes sys_ids, tokens and keys follow from what is written: the same in every run.
	DeterministicIDs bool `json:"-"`
}

// Server is the simulated instance. It is an http.Handler, safe for concurrent use.
type Server struct {
	// Faults misbehaves on demand, in front of everything but the admin API.
	Faults *fault.Injector

	opts        Options
	behaviours  map[string]behaviour
	hashKey     []byte
	handler     http.Handler
	admin       http.Handler
	adminRoutes []string

	mu       sync.Mutex
	url      string
	tables   map[string]*table
	shelves  map[string]*shelf
	guards   guards
	tokens   map[string]*token
	sessions map[string]*session // by the value of their cookie
	usedJTI  map[string]time.Time
	roles    map[string]map[string]bool // by user sys_id; dropped when a role table changes
	numbers  map[string]int
	oauthLog []OAuthAttempt
	requests []*Request
	jobs     map[string]*job
	outcomes map[string]Outcome
	issued   map[string]int // how often DeterministicIDs has made an id of the same parts

	generated   map[string]string // API key tokens by sys_id
	start       *snapshot         // what Reset goes back to; nil: the shipped rows
	snapshots   map[string]snapshot
	ahead       time.Duration // by which Advance has moved the clock on
	seeding     bool          // shipped rows are being written: no dictionary or role bookkeeping
	reconciling bool          // inherited grants are being written
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
	release, err := ParseRelease(string(opts.Release))
	if err != nil {
		panic(err)
	}
	opts.Release = release
	if opts.Apps == nil {
		opts.Apps = []string{ElasticITSM}
	}
	s := &Server{opts: opts, behaviours: newBehaviours(), hashKey: make([]byte, 32)}
	if !opts.DeterministicIDs {
		_, _ = rand.Read(s.hashKey)
	}
	s.snapshots = map[string]snapshot{}
	s.Faults = fault.New(fault.Options{ErrorBody: errorBody, RevokeTokens: s.RevokeTokens, Clock: opts.Clock})
	s.admin = s.adminHandler()
	s.handler = s.logged(s.Faults.Wrap(http.HandlerFunc(s.serve)))
	s.Reset()
	return s
}

// Reset puts the instance back to its first state, or the one of KeepAsStart: rows, tokens, guards, faults and logs.
// Sessions end with it. Snapshots stay.
func (s *Server) Reset() {
	s.Faults.Clear()
	s.Faults.ForgetRequests()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauthLog, s.requests = nil, nil
	if s.start != nil {
		s.setState(copyOf(*s.start))
		return
	}
	s.tables = map[string]*table{}
	s.shelves = map[string]*shelf{}
	s.guards = newGuards()
	s.tokens = map[string]*token{}
	s.sessions = map[string]*session{}
	s.usedJTI = map[string]time.Time{}
	s.roles = map[string]map[string]bool{}
	s.numbers = map[string]int{}
	s.jobs = map[string]*job{}
	s.outcomes = map[string]Outcome{}
	s.issued = map[string]int{}
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
	if body, isResult := a.body.(map[string]any); isResult && len(body) == 1 {
		if records, isList := body["result"].(recordList); isList {
			w.WriteHeader(a.status)
			for _, part := range [][]byte{[]byte(`{"result":`), records.rows, []byte("}\n")} {
				_, _ = w.Write(part)
			}
			return
		}
	}
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
	case "/angular.do":
		return s.angular(c)
	}
	if !strings.HasPrefix(c.path, "/api/") {
		return pageNotFound()
	}
	credential := s.authenticate(c)
	if credential.user == nil || !s.admitted(c, credential) {
		return notAuthenticated()
	}
	c.caller, c.proof = s.callerOf(credential), credential
	if no := s.restRefused(c.caller); no != nil {
		return *no
	}
	return s.inScope(c)
}

// inScope lets the auth scopes of a token or key have their say; the batch API comes in here again.
func (s *Server) inScope(c *call) answer {
	if no := s.scopeRefusal(c, c.proof); no != nil {
		return *no
	}
	return s.dispatch(c)
}

// dispatch routes an authenticated call.
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
		case len(rest) == 3 && rest[0] == "import" && rest[2] == "insertMultiple" && c.method == http.MethodPost:
			return s.importRows(c, rest[1])
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

// message is that of the error envelope.
func (a answer) message() string {
	body, _ := a.body.(map[string]any)
	inner, _ := body["error"].(map[string]any)
	text, _ := inner["message"].(string)
	return text
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
