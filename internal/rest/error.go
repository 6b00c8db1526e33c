package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// ErrHibernating matches the page that a sleeping developer instance serves, with status 200, for every path.
var ErrHibernating = errors.New("the instance is hibernating")

// Limits on what of an answer's text may enter an error, in runes: a server's own message, and text of unknown origin.
const (
	MaxMessage = 2000
	maxExcerpt = 200
	// maxErrorBody is how much of an error's body is looked at, in bytes.
	maxErrorBody = 1 << 20
)

// Error is the one error type of a request that failed, whether the server refused it or never answered.
// It holds no query, no header, no body and no credential.
type Error struct {
	Method string
	Path   string // escaped, without the query
	Status int    // HTTP status, 0 when there was no answer

	Message   string // the server's own words, or what went wrong on the way
	Detail    string // more of the server's words, or what to check; often empty
	RequestID string // the server's id of the transaction, for its log; often empty

	Err error // the cause, when there is one below HTTP

	Asked Kind   // the kind of server that was asked
	Login string // how the request logged in, as its Auth says of itself

	answeredBy Kind // whose form the answer has; 0: not known

	envelope bool // the answer was in the server's error envelope
	token    bool // the request was for an access token, so that its status tells nothing about a record
	unknown  bool // see ErrOutcomeUnknown

	tries int           // how often it was sent, or tried to be
	took  time.Duration // all of them together, with the waits between
}

// Error gives one line: method, path, status, the server's message and detail, the request id.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Method + " " + e.Path)
	if e.Status != 0 {
		b.WriteString(": " + statusText(e.Status))
	}
	for _, s := range []string{e.Message, e.Detail} {
		if s != "" {
			b.WriteString(": " + s)
		}
	}
	if e.tries > 1 {
		fmt.Fprintf(&b, " (after %d tries in %s)", e.tries, e.took.Round(time.Second))
	}
	if e.unknown {
		b.WriteString("; " + record.ErrOutcomeUnknown.Error())
	}
	if e.RequestID != "" {
		b.WriteString(" (request id " + e.RequestID + ")")
	}
	return b.String()
}

// Unwrap returns the cause below HTTP: a context's error, a TLS error, a refused connection.
func (e *Error) Unwrap() error { return e.Err }

// Is matches ErrNotFound and ErrOutcomeUnknown.
func (e *Error) Is(target error) bool {
	switch target {
	case record.ErrNotFound:
		return e.Status == http.StatusNotFound && e.envelope && !e.token
	case record.ErrOutcomeUnknown:
		return e.unknown
	}
	return false
}

// HasStatus reports whether a server answered a request with a status.
func HasStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return strconv.Itoa(status) + " " + text
	}
	return strconv.Itoa(status)
}

// requestIDHeaders name the server's id of a transaction: ServiceNow's, the usual one, and that of Elastic Cloud.
var requestIDHeaders = []string{"X-Transaction-ID", "X-Request-Id", "X-Cloud-Request-Id"}

// requestID takes no more than what looks like an id: some gateways let the client fill this header.
func requestID(h http.Header, redact func(string) string) string {
	for _, name := range requestIDHeaders {
		if id := h.Get(name); len(id) <= 100 && idPattern.MatchString(id) {
			return redact(id)
		}
	}
	return ""
}

var idPattern = regexp.MustCompile(`^[\w.:/=+-]+$`)

// statusError makes the error of an answer that is not 2xx.
func statusError(method, path string, a *answer, redact func(string) string) *Error {
	// Far more than any excerpt shows, so that a secret that is cut here is not seen.
	a = &answer{status: a.status, header: a.header, body: a.body[:min(len(a.body), maxErrorBody)]}
	e := &Error{Method: method, Path: path, Status: a.status, RequestID: requestID(a.header, redact)}
	if message, detail, ok := parseEnvelope(a.body); ok {
		e.envelope = true
		e.Message, e.Detail = Excerpt(redact(message), MaxMessage), Excerpt(redact(detail), MaxMessage)
		return e
	}
	if isHTML(a) {
		page := htmlError(method, path, a, redact)
		e.Message, e.Err = page.Message, page.Err
		return e
	}
	if text := string(a.body); !strings.ContainsRune(text, 0) {
		e.Message = Excerpt(redact(text), maxExcerpt)
	}
	return e
}

// parseEnvelope reads the error envelopes seen on both servers. Their shapes do not collide, and a gateway may answer
// for either, so the shape decides and not the server:
//
//	{"error": {"message": "...", "detail": "..." | null}, "status": "failure"}   ServiceNow REST
//	{"error": "..."}                                                             ServiceNow scripted REST
//	{"error": "code", "error_description": "..."}                                OAuth, RFC 6749 5.2
//	{"statusCode": 404, "error": "Not Found", "message": "..."}                  Kibana
//	{"error": {"type": "...", "reason": "..."}, "status": 401}                   Elasticsearch, through Kibana
func parseEnvelope(body []byte) (message, detail string, ok bool) {
	var top struct {
		Error       json.RawMessage `json:"error"`
		Description text            `json:"error_description"`
		Message     text            `json:"message"`
	}
	if err := json.Unmarshal(body, &top); err != nil {
		return "", "", false
	}
	var nested struct {
		Message text `json:"message"`
		Detail  text `json:"detail"`
		Reason  text `json:"reason"`
	}
	if json.Unmarshal(top.Error, &nested) == nil && nested.Message+nested.Reason != "" {
		if nested.Message == "" {
			nested.Message = nested.Reason
		}
		return string(nested.Message), string(nested.Detail), true
	}
	var code text
	if len(top.Error) > 0 && json.Unmarshal(top.Error, &code) != nil {
		return "", "", false
	}
	switch {
	case top.Description != "":
		return string(top.Description), string(code), true
	case top.Message != "":
		return string(top.Message), "", true
	case code != "":
		return string(code), "", true
	}
	return "", "", false
}

// answeredBy tells the two servers' errors apart by their form; 0 where it is another's.
func answeredBy(body []byte) Kind {
	var top struct {
		Error      json.RawMessage `json:"error"`
		Status     json.RawMessage `json:"status"`
		StatusCode int             `json:"statusCode"`
	}
	if json.Unmarshal(body, &top) != nil || len(top.Error) == 0 {
		return 0
	}
	var nested struct {
		Message *string `json:"message"`
		Type    string  `json:"type"`
	}
	switch err := json.Unmarshal(top.Error, &nested); {
	case top.StatusCode >= 400, err == nil && nested.Type != "":
		return KindKibana
	case err == nil && nested.Message != nil && string(top.Status) == `"failure"`:
		return KindServiceNow
	}
	return 0
}

// ByOtherServer reports that the answer has the form of the other kind of server than the one that was asked: the
// address leads to the wrong one.
func (e *Error) ByOtherServer() bool {
	return e.answeredBy != 0 && e.Asked != 0 && e.answeredBy != e.Asked
}

// text is a JSON string; any other value is taken as absent, so that one odd member never hides the rest.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var v any
	err := json.Unmarshal(b, &v)
	if s, ok := v.(string); ok {
		*t = text(s)
	}
	return err
}

// failureIn200 finds the error that ServiceNow appends to a list when it stops half-way, for example at its limit on
// execution time: the status line, 200, has gone out by then. Taking such a list as whole would lose records.
func failureIn200(method, path string, a *answer, redact func(string) string) *Error {
	if !bytes.Contains(a.body, []byte(`"failure"`)) {
		return nil
	}
	var top struct {
		Error  json.RawMessage `json:"error"`
		Status text            `json:"status"`
	}
	if json.Unmarshal(a.body, &top) == nil && top.Status == "failure" && bytes.HasPrefix(top.Error, []byte("{")) {
		return statusError(method, path, a, redact)
	}
	return nil
}

// isHTML goes by the content type, unless the body plainly is JSON: scripted APIs mislabel theirs.
func isHTML(a *answer) bool {
	start := bytes.ToLower(bytes.TrimSpace(a.body[:min(len(a.body), 256)]))
	if bytes.HasPrefix(start, []byte("{")) || bytes.HasPrefix(start, []byte("[")) {
		return false
	}
	if mediaType, _, err := mime.ParseMediaType(a.header.Get("Content-Type")); err == nil {
		return mediaType == "text/html" || mediaType == "application/xhtml+xml"
	}
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

// htmlError explains a page that came where JSON was asked for.
func htmlError(method, path string, a *answer, redact func(string) string) *Error {
	e := &Error{Method: method, Path: path, Status: a.status, RequestID: requestID(a.header, redact)}
	page := strings.ToLower(string(a.body[:min(len(a.body), 64<<10)]))
	title := pageTitle(a.body, redact)
	switch {
	case strings.Contains(page, "hibernat"):
		e.Err = ErrHibernating
		e.Message = "the instance is hibernating: wake it up (a developer instance: sign in at " +
			"https://developer.servicenow.com and open it), wait until its login page shows, and run again"
	case strings.Contains(page, "maintenance"):
		e.Message = "the server answered with a maintenance page instead of JSON: wait until it is back, and run again"
	case a.status < 300 && (strings.Contains(page, "login") || strings.Contains(page, "sign in")):
		e.Message = "the server answered with a sign-in page instead of JSON: check that the URL is the server's " +
			"own, not that of a portal or a single sign-on before it"
	case a.status < 300:
		e.Message = "the server answered with an HTML page instead of JSON: check that the URL is the server's own"
	}
	switch {
	case title == "":
	case e.Message == "":
		e.Message = title
	default:
		e.Message += fmt.Sprintf(" (page: %q)", title)
	}
	return e
}

var (
	titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	unseenParts  = regexp.MustCompile(`(?is)<(script|style|head)\b.*?</(script|style|head)>|<!--.*?-->`)
	anyTag       = regexp.MustCompile(`(?s)<[^>]*>`)
)

// pageTitle returns the title of a page, or the beginning of its visible text.
func pageTitle(body []byte, redact func(string) string) string {
	body = body[:min(len(body), 64<<10)]
	if m := titleElement.FindSubmatch(body); m != nil {
		if title := Excerpt(redact(html.UnescapeString(string(m[1]))), maxExcerpt); title != "" {
			return title
		}
	}
	visible := anyTag.ReplaceAll(unseenParts.ReplaceAll(body, []byte(" ")), []byte(" "))
	return Excerpt(redact(html.UnescapeString(string(visible))), maxExcerpt)
}

// Excerpt makes a server's text fit for a terminal and a log: valid UTF-8 in one line, without control characters
// (terminal escapes, forged log lines), at most limit runes. It has no full stop at its end, since whoever quotes it
// goes on, or ends the sentence.
func Excerpt(s string, limit int) string {
	if len(s) > 8*limit {
		s = s[:8*limit]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if !strings.HasSuffix(s, "..") {
		s = strings.TrimSuffix(s, ".")
	}
	if runes := []rune(s); len(runes) > limit {
		s = string(runes[:limit]) + "…"
	}
	return s
}
