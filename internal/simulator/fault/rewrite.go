package fault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// ownID takes the id that a client made out of a POST, so that the server makes its own.
func ownID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		body := keepBody(r)
		changed := r.Clone(r.Context())
		var fields map[string]json.RawMessage
		if json.Unmarshal(body, &fields) == nil && fields["sys_id"] != nil {
			delete(fields, "sys_id")
			if shorter, err := json.Marshal(fields); err == nil { // made of valid JSON: always encodable
				body = shorter
			}
		}
		if parent, id := path.Split(changed.URL.Path); strings.HasSuffix(parent, "/api/actions/connector/") && id != "" {
			changed.URL.Path, changed.URL.RawPath = strings.TrimSuffix(parent, "/"), ""
		}
		next.ServeHTTP(w, withBody(changed, body))
	})
}

// dropTerm takes the last term out of sysparm_query. Sort keys are no terms.
func dropTerm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if encoded := query.Get("sysparm_query"); encoded != "" {
			changed := r.Clone(r.Context())
			query.Set("sysparm_query", withoutLastTerm(encoded))
			changed.URL.RawQuery = query.Encode()
			changed.RequestURI = changed.URL.RequestURI()
			r = changed
		}
		next.ServeHTTP(w, r)
	})
}

func withoutLastTerm(encoded string) string {
	parts := strings.Split(encoded, "^")
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i] == "" || parts[i] == "EQ" || strings.HasPrefix(parts[i], "ORDERBY") {
			continue
		}
		return strings.Join(append(parts[:i:i], parts[i+1:]...), "^")
	}
	return encoded
}

// withhold leaves columns out of every row of a 2xx answer.
func withhold(columns []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := newRecorder()
		next.ServeHTTP(rec, r)
		if rec.succeeded() {
			eachRow(func(row map[string]any) {
				for name := range row {
					for _, pattern := range columns {
						if matched, _ := path.Match(pattern, name); matched { // Add has checked the pattern
							delete(row, name)
						}
					}
				}
			})(rec)
		}
		rec.replay(w)
	})
}

// ignore answers a change as if it had been made.
func ignore(rule Rule, next http.Handler, w http.ResponseWriter, r *http.Request, body []byte) {
	switch r.Method {
	case http.MethodDelete, http.MethodPatch, http.MethodPut:
	default:
		next.ServeHTTP(w, r)
		return
	}
	rec := current(next, r)
	switch {
	case !rec.succeeded(): // what is not there cannot be changed, and who may not read may not write
	case r.Method == http.MethodDelete:
		rec = newRecorder()
		rec.status = http.StatusNoContent
	case r.Header.Get("X-No-Response-Body") == "true":
		rec.setBody(nil)
	case rule.Echo:
		var sent map[string]any
		if document, err := decodeJSON(body); err == nil {
			sent, _ = document.(map[string]any)
		}
		eachRow(func(row map[string]any) { overlay(row, sent) })(rec)
	}
	rec.replay(w)
}

// current asks for the record that a request would change. Kibana's case settings can only be read as a list.
func current(next http.Handler, r *http.Request) *recorder {
	rec := read(next, r, r.URL)
	if rec.succeeded() || !strings.Contains(r.URL.Path, "/api/cases/configure/") {
		return rec
	}
	collection := *r.URL
	collection.Path, collection.RawPath = path.Dir(r.URL.Path), ""
	list := read(next, r, &collection)
	document, err := decodeJSON(list.body.Bytes())
	rows, isList := document.([]any)
	if err != nil || !isList {
		return rec
	}
	for _, row := range rows {
		if record, ok := row.(map[string]any); ok && record["id"] == path.Base(r.URL.Path) {
			list.setJSON(record)
			return list
		}
	}
	return rec
}

// read sends a GET with the headers of another request.
func read(next http.Handler, r *http.Request, where *url.URL) *recorder {
	get := withBody(r.Clone(r.Context()), nil)
	get.Method, get.URL, get.RequestURI = http.MethodGet, where, where.RequestURI()
	get.Header.Del("Content-Type")
	get.Header.Del("X-Http-Method-Override")
	rec := newRecorder()
	next.ServeHTTP(rec, get)
	return rec
}

// overlay shows in a row what a request wanted to write. ServiceNow renders every value as text, references as objects.
func overlay(row, sent map[string]any) {
	for name, value := range sent {
		switch shown := row[name].(type) {
		case nil:
		case string:
			if value == nil {
				value = ""
			}
			row[name] = fmt.Sprint(value)
		case map[string]any:
			if _, reference := shown["link"]; reference {
				row[name] = map[string]any{"link": shown["link"], "value": fmt.Sprint(value)}
				continue
			}
			row[name] = value
		default:
			row[name] = value
		}
	}
}
