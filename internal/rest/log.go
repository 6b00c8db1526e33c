package rest

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Level is how much a log message matters.
type Level int

// The levels, in the order of Terraform's TF_LOG.
const (
	LevelTrace Level = iota
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
)

// LogFunc writes one structured log message. It must be safe for concurrent use.
type LogFunc func(ctx context.Context, level Level, message string, fields map[string]any)

// loggedHeaders are the headers that may be logged. A list of what is allowed cannot forget a new secret.
var loggedHeaders = []string{
	"Accept", "Content-Type", "Content-Length", "Retry-After", "X-Total-Count",
	"X-RateLimit-Limit", "X-RateLimit-Reset", "X-RateLimit-Rule", "X-Transaction-ID", "X-Request-Id",
}

// logTransport logs requests and answers. It runs outside authentication and below it nothing logs, so the
// Authorization header does not exist here; bodies are never read.
type logTransport struct {
	next http.RoundTripper
	log  LogFunc
}

// redactedLog takes secrets out of every text on its way to a log. It is nil for a nil log: what nobody reads need not
// be searched.
func redactedLog(log LogFunc, r *Redactor) LogFunc {
	if log == nil {
		return nil
	}
	return func(ctx context.Context, level Level, message string, fields map[string]any) {
		clean := make(map[string]any, len(fields))
		for name, value := range fields {
			switch v := value.(type) {
			case string:
				value = r.Redact(v)
			case map[string]string:
				inner := make(map[string]string, len(v))
				for k, text := range v {
					inner[k] = r.Redact(text)
				}
				value = inner
			}
			clean[name] = value
		}
		log(ctx, level, r.Redact(message), clean)
	}
}

func (t *logTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	fields := map[string]any{"method": req.Method, "host": req.URL.Host, "path": req.URL.EscapedPath()}
	if q := loggedQuery(req.URL.Query()); q != "" {
		fields["query"] = q
	}
	t.log(ctx, LevelTrace, "Sending HTTP request", withHeaders(fields, "request_headers", req.Header))

	start := time.Now()
	resp, err := t.next.RoundTrip(req)
	fields["duration_ms"] = time.Since(start).Milliseconds()
	if err != nil {
		fields["error"] = err.Error()
		t.log(ctx, LevelDebug, "HTTP request failed", fields)
		return nil, err
	}
	fields["status"] = resp.StatusCode
	t.log(ctx, LevelDebug, "Received HTTP response", withHeaders(fields, "response_headers", resp.Header))
	return resp, nil
}

// withHeaders copies fields, because the sink may keep the map it is given.
func withHeaders(fields map[string]any, name string, h http.Header) map[string]any {
	out := make(map[string]any, len(fields)+1)
	for k, v := range fields {
		out[k] = v
	}
	allowed := make(map[string]string)
	for _, header := range loggedHeaders {
		if v := h.Get(header); v != "" {
			allowed[header] = v
		}
	}
	out[name] = allowed
	return out
}

// loggedQuery returns the query with every value hidden but those of ServiceNow's sysparm_ parameters: an API key may
// travel as a query parameter.
func loggedQuery(query url.Values) string {
	for name := range query {
		if !strings.HasPrefix(name, "sysparm_") {
			query[name] = []string{"***"}
		}
	}
	decoded, err := url.QueryUnescape(query.Encode())
	if err != nil {
		return ""
	}
	return decoded
}
