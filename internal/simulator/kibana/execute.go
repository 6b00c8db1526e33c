package kibana

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// subAction is one value of params.subAction and what its subActionParams may be.
type subAction struct {
	name   string
	params schema
}

// executor runs a connector's sub-action and answers the data of the result; nil is told as {}.
type executor func(ctx context.Context, e *execution) (any, error)

// execution is one run of a connector, on a copy of it.
type execution struct {
	server    *Server
	connector connector
	config    map[string]any
	secrets   map[string]any
	version   version
	subAction string
	params    map[string]any
}

// framework tells the types built on Kibana's sub-action framework: their params are checked while they run.
func (t *connectorType) framework() bool { return t.id == typeResilient }

func (s *Server) run(d dialect) handler {
	body := strict(property{"params", schema{kind: record}})
	return func(c *call) reply {
		given, refused := c.validBody(body)
		if refused != nil {
			return *refused
		}
		if !c.user.connectors(c.space).reads() {
			return failure(http.StatusForbidden, "Unauthorized to execute actions")
		}
		params, _ := given["params"].(map[string]any)
		result := s.execute(c.Context(), c.version, c.space, c.PathValue("id"), params)
		if result.refused != nil {
			return *result.refused
		}
		return ok(d.renamed(result.body(c.version, c.PathValue("id"))))
	}
}

// result is what a run came to. A failed run is still HTTP 200, unless refused says otherwise.
type result struct {
	refused *reply
	data    any
	err     error // of the run itself
	invalid string
}

func (r result) body(v version, id string) map[string]any {
	if r.invalid == "" && r.err == nil {
		data := r.data
		if data == nil {
			data = map[string]any{}
		}
		return map[string]any{"status": "ok", "connector_id": id, "data": data}
	}
	body := map[string]any{"status": "error", "connector_id": id, "retry": false}
	source := "user"
	if r.invalid != "" {
		body["message"] = r.invalid
		// The boundaries of both are estimates: one build of each form was seen.
		if v.atLeast(8, 8) && v.before(8, 12) {
			body["retry"], body["reason"] = true, "validation"
		}
		if v.atLeast(8, 16) && v.before(9, 1) {
			source = "framework"
		}
	} else {
		body["message"] = "an error occurred while running the action"
		body["service_message"] = r.err.Error()
		// Older builds said false; that 8.8 is the boundary is an estimate.
		body["retry"] = v.atLeast(8, 8)
		source = sourceOf(r.err)
	}
	if v.atLeast(8, 15) {
		body["errorSource"] = source
	}
	return body
}

// execute runs a connector of a space. Its order is Kibana's: the saved object, the type, licence, then everything that
// is told inside a result: config, secrets, params, the run.
func (s *Server) execute(ctx context.Context, v version, space, id string, params map[string]any) result {
	if id == systemConnectorID {
		r := failure(http.StatusBadRequest, "Execution of system action is not allowed")
		return result{refused: &r}
	}
	s.mu.Lock()
	found := s.visible(space, id)
	if found == nil {
		s.mu.Unlock()
		r := notFound("action", id)
		return result{refused: &r}
	}
	snapshot := *found
	s.mu.Unlock()

	t := s.typeByID(v, snapshot.typeID)
	if t == nil {
		r := failure(http.StatusBadRequest, "Action type %q is not registered.", snapshot.typeID)
		return result{refused: &r}
	}
	// enabledActionTypes does not touch preconfigured connectors; the licence does.
	refusal := s.licenseRefusal(t)
	if !snapshot.preconfigured {
		refusal = s.disabled(t)
	}
	if refusal != "" {
		r := failure(http.StatusForbidden, "%s", refusal)
		return result{refused: &r}
	}
	e := &execution{server: s, connector: snapshot, version: v}
	var problem string
	if e.config, problem = s.validConfig(v, t, snapshot.config); problem != "" {
		return result{invalid: problem}
	}
	if e.secrets, problem = s.validSecrets(v, t, snapshot.secrets); problem != "" {
		return result{invalid: problem}
	}
	if t.execute == nil {
		return result{err: thrown("the simulated Kibana does not run connectors of type %s", t.id)}
	}
	if problem := e.readParams(t, params); problem != "" {
		return result{invalid: problem}
	}
	data, err := t.execute(ctx, e)
	return result{data: data, err: err}
}

// readParams checks params against the type's sub-actions.
func (e *execution) readParams(t *connectorType, params map[string]any) string {
	if t.subActions == nil {
		e.params = params
		return ""
	}
	w := e.version.wordingOf(t.id)
	if t.framework() {
		outer := strict(required("subAction", text),
			property{"subActionParams", schema{kind: record, hasDefault: true, fallback: map[string]any{}}})
		completed, faults := outer.validate(w, params)
		if len(faults) > 0 {
			return "error validating action params: " + w.tell(faults)
		}
		body, _ := completed.(map[string]any)
		e.subAction = stringOf(body["subAction"])
		e.params, _ = body["subActionParams"].(map[string]any)
		return ""
	}
	actions := t.subActions(e.version)
	names := make([]string, len(actions))
	for i, action := range actions {
		names[i] = action.name
	}
	chosen, isText := params["subAction"].(string)
	for i, action := range actions {
		if !isText || action.name != chosen {
			continue
		}
		member := strict(required("subAction", text), property{"subActionParams", action.params})
		completed, faults := member.validate(w, params)
		if len(faults) > 0 {
			return "error validating action params: " + w.tellUnion(names, i, faults)
		}
		body, _ := completed.(map[string]any)
		e.subAction = chosen
		e.params, _ = body["subActionParams"].(map[string]any)
		return ""
	}
	return "error validating action params: " + w.tellUnion(names, -1, nil)
}

// tellUnion words a fault in a value that is one of several objects told apart by subAction. chosen is the index of the
// member that was meant, or -1.
func (w wording) tellUnion(names []string, chosen int, faults []fault) string {
	if w == configSchema {
		lines := []string{"types that failed validation:"}
		for i, name := range names {
			if i == chosen {
				first := faults[0]
				lines = append(lines, "- "+first.configSchema(fmt.Sprint(i)))
				continue
			}
			lines = append(lines, fmt.Sprintf("- [%d.subAction]: expected value to equal [%s]", i, name))
		}
		return strings.Join(lines, "\n")
	}
	if chosen >= 0 {
		return w.tell(faults)
	}
	if w == zod3 {
		return indentJSON([]any{struct {
			Code    string   `json:"code"`
			Options []string `json:"options"`
			Path    []string `json:"path"`
			Message string   `json:"message"`
		}{
			"invalid_union_discriminator", names,
			[]string{"subAction"},
			"Invalid discriminator value. Expected " + quoted(names, "'", " | "),
		}})
	}
	return "✖ Invalid input\n  → at subAction"
}

// notImplemented is what executors answer to a sub-action that only the schema knows.
func notImplemented(name string) error {
	return thrown("[Action][ExternalService] subAction %s not implemented.", name)
}

func executeServerLog(context.Context, *execution) (any, error) { return nil, nil }

// response is what a remote system answered. data is its body: decoded JSON, or the text itself.
type response struct {
	status     int
	data       any
	servername string // the TLS name of the host, as Node tells it

	contentType string
}

// field answers the member of a JSON object body, or nil.
func (r *response) field(name string) any {
	body, _ := r.data.(map[string]any)
	return body[name]
}

// remoteError is a call that failed, in the words of the HTTP client that Kibana uses.
type remoteError struct {
	message  string
	code     string    // of a network fault, such as ECONNREFUSED
	response *response // nil if none came
	status   int       // of an answer that said 2xx and held an error
	source   string    // "user" or, by default, "framework"
}

func (e *remoteError) Error() string { return e.message }

// thrown is an error in Kibana's own words, which are sentences, unlike Go's.
func thrown(format string, args ...any) error {
	return &remoteError{message: fmt.Sprintf(format, args...)}
}

func sourceOf(err error) string {
	var remote *remoteError
	if errors.As(err, &remote) && remote.source != "" {
		return remote.source
	}
	return "framework"
}

// asRemote answers err as a remoteError, making one of a plain error.
func asRemote(err error) *remoteError {
	var remote *remoteError
	if errors.As(err, &remote) {
		return remote
	}
	return &remoteError{message: err.Error()}
}

// maximumResponse is xpack.actions.maxResponseContentLength.
const maximumResponse = 1_000_000

// send makes one call to the system behind a connector. A status outside 2xx is a *remoteError.
func (e *execution) send(ctx context.Context, method, target string, header http.Header, body any) (*response, error) {
	payload, contentType, err := encodeBody(body)
	if err != nil {
		return nil, err
	}
	answer, err := e.transmit(ctx, method, target, header, payload, contentType)
	if err != nil {
		return nil, err
	}
	if answer.status < 200 || answer.status > 299 {
		return nil, &remoteError{
			message: fmt.Sprintf("Request failed with status code %d", answer.status), response: answer,
		}
	}
	return answer, nil
}

func encodeBody(body any) (payload []byte, contentType string, err error) {
	switch b := body.(type) {
	case nil:
		return nil, "", nil
	case url.Values:
		return []byte(b.Encode()), "application/x-www-form-urlencoded; charset=UTF-8", nil
	default:
		payload, err = json.Marshal(b)
		if err != nil {
			return nil, "", fmt.Errorf("encoding the request: %w", err)
		}
		return payload, "application/json", nil
	}
}

// transmit makes one call and answers whatever came back.
func (e *execution) transmit(
	ctx context.Context, method, target string, header http.Header, payload []byte, contentType string,
) (*response, error) {
	// Kibana checks the host at every call too, so a host struck from the list stops existing connectors.
	if refusal := allowedHosts(e.server.Switches().AllowedHosts).refusal(target); refusal != "" {
		return nil, &remoteError{message: refusal, source: "user"}
	}
	request, err := http.NewRequestWithContext(ctx, method, escapeURL(target), bytes.NewReader(payload))
	if err != nil {
		return nil, &remoteError{message: "Invalid URL", code: "ERR_INVALID_URL"}
	}
	maps.Copy(request.Header, header)
	request.Header.Set("Accept", "application/json, text/plain, */*")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := e.server.options.HTTPClient.Do(request)
	if err != nil {
		return nil, networkError(err, request.URL)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maximumResponse+1))
	if err != nil {
		return nil, networkError(err, request.URL)
	}
	if len(raw) > maximumResponse {
		return nil, &remoteError{
			message: fmt.Sprintf("maxContentLength size of %d exceeded", maximumResponse), code: "ERR_BAD_RESPONSE",
			source: "user",
		}
	}
	received := &response{status: answer.StatusCode, contentType: answer.Header.Get("Content-Type")}
	if request.URL.Scheme == "https" && net.ParseIP(request.URL.Hostname()) == nil {
		received.servername = request.URL.Hostname()
	}
	if json.Unmarshal(raw, &received.data) != nil {
		received.data = string(raw)
	}
	return received, nil
}

// escapeURL escapes what may not stand in a request line and that browsers' and Node's URL parsers escape: spaces and
// quotes in encoded queries. Everything else, "^" above all, goes out as it is.
func escapeURL(target string) string {
	return strings.NewReplacer(" ", "%20", `"`, "%22", "<", "%3C", ">", "%3E", "#", "%23", "\n", "%0A", "\t", "%09",
		"\r", "%0D").Replace(target)
}

// networkError tells a fault of the network as Node does, and never prints the URL's query.
func networkError(err error, target *url.URL) error {
	var (
		resolve *net.DNSError
		timeout net.Error
		unknown x509.UnknownAuthorityError
		outer   *url.Error
	)
	address := target.Host
	if target.Port() == "" {
		port := "80"
		if target.Scheme == "https" {
			port = "443"
		}
		address = net.JoinHostPort(target.Hostname(), port)
	}
	switch {
	case errors.As(err, &resolve):
		return &remoteError{message: "getaddrinfo ENOTFOUND " + target.Hostname(), code: "ENOTFOUND"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &remoteError{message: "connect ECONNREFUSED " + address, code: "ECONNREFUSED"}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &remoteError{message: "socket hang up", code: "ECONNRESET"}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &remoteError{message: "timeout of 60000ms exceeded", code: "ECONNABORTED"}
	case errors.As(err, &unknown):
		return &remoteError{
			message: "unable to verify the first certificate", code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
		}
	case errors.As(err, &outer):
		return &remoteError{message: outer.Err.Error()}
	}
	return &remoteError{message: err.Error()}
}

func basicAuthorization(username, password string) http.Header {
	token := base64.StdEncoding.EncodeToString([]byte(username + ":" + password))
	return http.Header{"Authorization": {"Basic " + token}}
}

// withoutTrailingSlash strips one slash, as the executors do.
func withoutTrailingSlash(target string) string { return strings.TrimSuffix(target, "/") }

// pushResult is the data of pushToService.
type pushResult struct {
	ID         string          `json:"id"`
	Title      string          `json:"title"`
	URL        string          `json:"url"`
	PushedDate string          `json:"pushedDate"`
	Comments   []pushedComment `json:"comments,omitempty"`
}

type pushedComment struct {
	CommentID  string `json:"commentId"`
	PushedDate string `json:"pushedDate"`
}

// comment is one entry of subActionParams.comments.
type comment struct{ text, id string }

// pushParams splits the params of pushToService: the id of an existing ticket ("" for none), its fields, the comments.
func (e *execution) pushParams() (externalID string, incident map[string]any, comments []comment) {
	given, _ := e.params["incident"].(map[string]any)
	incident = maps.Clone(given)
	externalID = stringOf(incident["externalId"])
	delete(incident, "externalId")
	list, _ := e.params["comments"].([]any)
	for _, item := range list {
		entry, _ := item.(map[string]any)
		comments = append(comments, comment{text: stringOf(entry["comment"]), id: stringOf(entry["commentId"])})
	}
	return externalID, incident, comments
}

var commentsSchema = nullable("comments",
	listOf(strict(required("comment", text), required("commentId", text))))
