package servicenow

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// stats is the Aggregate API: count, and avg, min, max, sum of integer columns, optionally grouped.
func (s *Server) stats(c *call, name string) answer {
	t, no := s.tableNamed(name)
	if no != nil {
		return *no
	}
	if !s.mayQuery(c.caller, t) {
		return refused(http.StatusForbidden, "Insufficient rights to query records", "")
	}
	encoded := c.query.Get("sysparm_query")
	if encoded == "" {
		encoded = filters(c.query)
	}
	q := s.parseQuery(t, encoded, c.caller)
	if q.unbuilt != "" {
		return unbuiltQuery(q)
	}
	found := s.ruled(c.caller, s.run(t, q))
	groupBy := listOf(c.query.Get("sysparm_group_by"))
	if len(groupBy) == 0 {
		return result(http.StatusOK, map[string]any{"stats": s.aggregate(c.query, found)})
	}
	var order []string
	groups := map[string][]*row{}
	for _, r := range found {
		var key []string
		for _, column := range groupBy {
			value, _ := s.valueAt(r, column)
			key = append(key, value)
		}
		joined := strings.Join(key, "\x00")
		if groups[joined] == nil {
			order = append(order, joined)
		}
		groups[joined] = append(groups[joined], r)
	}
	out := []map[string]any{}
	for _, key := range order {
		fields := []map[string]string{}
		for i, value := range strings.Split(key, "\x00") {
			fields = append(fields, map[string]string{"field": groupBy[i], "value": value})
		}
		out = append(out, map[string]any{"stats": s.aggregate(c.query, groups[key]), "groupby_fields": fields})
	}
	return result(http.StatusOK, out)
}

func listOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func (s *Server) aggregate(query url.Values, rows []*row) map[string]any {
	stats := map[string]any{}
	if query.Get("sysparm_count") == "true" {
		stats["count"] = strconv.Itoa(len(rows))
	}
	for _, kind := range []string{"sum", "avg", "min", "max"} {
		columns := listOf(query.Get("sysparm_" + kind + "_fields"))
		if len(columns) == 0 {
			continue
		}
		values := map[string]string{}
		for _, column := range columns {
			values[column] = s.aggregateColumn(kind, column, rows)
		}
		stats[kind] = values
	}
	return stats
}

func (s *Server) aggregateColumn(kind, column string, rows []*row) string {
	sum, n, least, most := 0.0, 0, "", ""
	for _, r := range rows {
		value, typ := s.valueAt(r, column)
		if value == "" {
			continue
		}
		f, err := strconv.ParseFloat(value, 64)
		if err == nil {
			sum += f
		}
		if n == 0 || compare(value, least, typ) < 0 {
			least = value
		}
		if n == 0 || compare(value, most, typ) > 0 {
			most = value
		}
		n++
	}
	switch {
	case n == 0:
		return ""
	case kind == "min":
		return least
	case kind == "max":
		return most
	case kind == "avg":
		return fmt.Sprintf("%.4f", sum/float64(n))
	default:
		return strconv.FormatFloat(sum, 'f', -1, 64)
	}
}

// batch runs the requests of one body in order, as the caller of the batch. Bodies travel in base64.
func (s *Server) batch(c *call) answer {
	var in struct {
		ID       string `json:"batch_request_id"`
		Requests []struct {
			ID      string `json:"id"`
			Method  string `json:"method"`
			URL     string `json:"url"`
			Body    string `json:"body"`
			Headers []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"headers"`
			ExcludeHeaders bool `json:"exclude_response_headers"`
		} `json:"rest_requests"`
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return refused(http.StatusBadRequest, "Exception while reading request", "The payload is not valid JSON.")
	}
	serviced := []map[string]any{}
	for _, sub := range in.Requests {
		target, err := url.Parse(sub.URL)
		body, bad := base64.StdEncoding.DecodeString(sub.Body)
		var a answer
		if err != nil || bad != nil || strings.HasSuffix(strings.TrimSuffix(sub.URL, "/"), "/batch") {
			a = refused(http.StatusBadRequest, "Invalid request in batch", "")
		} else {
			inner := &call{
				method: strings.ToUpper(sub.Method), path: target.Path, query: target.Query(),
				header: http.Header{}, body: body, base: c.base, caller: c.caller, proof: c.proof,
			}
			for _, h := range sub.Headers {
				inner.header.Set(h.Name, h.Value)
			}
			if a = notAuthenticated(); s.admitted(inner, inner.proof) {
				a = s.inScope(inner)
			}
		}
		out := map[string]any{
			"id": sub.ID, "status_code": a.status, "status_text": http.StatusText(a.status),
			"execution_time": 1, "body": "",
		}
		if a.body != nil {
			text, err := json.Marshal(a.body)
			if err != nil {
				out["error_message"] = err.Error()
			}
			out["body"] = base64.StdEncoding.EncodeToString(text)
		}
		if !sub.ExcludeHeaders {
			headers := []map[string]string{}
			for name, values := range a.header {
				headers = append(headers, map[string]string{"name": name, "value": strings.Join(values, ", ")})
			}
			out["headers"] = headers
		}
		serviced = append(serviced, out)
	}
	return answer{status: http.StatusOK, body: map[string]any{
		"batch_request_id":  in.ID,
		"serviced_requests": serviced, "unserviced_requests": []any{},
	}}
}
