package servicenow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// defaultLimit is sysparm_limit when a request names none.
const defaultLimit = 10000

// view is how records are to be rendered.
type view struct {
	fields        []string // nil: all columns of the table
	display       string   // "false", "true" or "all"
	excludeLinks  bool
	base          string
	withoutAnswer bool // X-no-response-body
}

func viewOf(c *call) view {
	v := view{
		base: c.base, display: c.query.Get("sysparm_display_value"),
		excludeLinks:  c.query.Get("sysparm_exclude_reference_link") == "true",
		withoutAnswer: c.header.Get("X-No-Response-Body") == "true",
	}
	if fields := c.query.Get("sysparm_fields"); fields != "" {
		for _, f := range strings.Split(fields, ",") {
			v.fields = append(v.fields, strings.TrimSpace(f))
		}
	}
	return v
}

func (s *Server) tableCollection(c *call, name, version string) answer {
	t, no := s.tableNamed(name)
	if no != nil {
		return *no
	}
	switch c.method {
	case http.MethodGet, http.MethodHead:
		return s.listRecords(c, t, version)
	case http.MethodPost:
		return s.createRecord(c, t)
	default:
		return refused(http.StatusMethodNotAllowed, "Method not supported", "")
	}
}

func (s *Server) tableRecord(c *call, name, id string) answer {
	t, no := s.tableNamed(name)
	if no != nil {
		return *no
	}
	r := s.find(t, id)
	if r == nil || !s.readable(c.caller, r) || len(s.ruled(c.caller, []*row{r})) == 0 {
		return noRecord()
	}
	switch c.method {
	case http.MethodGet, http.MethodHead:
		v := viewOf(c)
		const most = 4 << 10 // bytes of nearly every record
		one := recordList{rows: make([]byte, 0, most)}
		s.renderInto(&one, t, r, v, s.shownColumns(t, v))
		return result(http.StatusOK, one)
	case http.MethodPut, http.MethodPatch:
		return s.updateRecord(c, t, r)
	case http.MethodDelete:
		return s.deleteRecord(c, t, r)
	default:
		return refused(http.StatusMethodNotAllowed, "Method not supported", "")
	}
}

// noRecord does not tell "gone" from "not allowed": the platform's own words.
func noRecord() answer {
	return refused(http.StatusNotFound, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
}

func denied(op string) answer {
	return refused(http.StatusForbidden, "Operation Failed", "ACL Exception "+op+" Failed due to security constraints")
}

// writeRefused turns the error of a write into its envelope.
func (s *Server) writeRefused(err error) answer {
	var no *refusal
	if errors.As(err, &no) {
		status := http.StatusForbidden
		if no.unique && s.opts.UniqueViolationStatus != 0 {
			status = s.opts.UniqueViolationStatus
		}
		return refused(status, "Operation Failed", no.detail)
	}
	return refused(http.StatusInternalServerError, err.Error(), "")
}

// mayQuery is the table-level read ACL. Tables whose ACLs also look at the row let everybody query and filter.
func (s *Server) mayQuery(c *caller, t *table) bool {
	return c.may(readersOf(t)) || t.is("task") || t.is("api_key") || t.is("sys_dictionary")
}

func (s *Server) listRecords(c *call, t *table, version string) answer {
	encoded := c.query.Get("sysparm_query")
	if encoded == "" {
		encoded = filters(c.query)
	}
	if !s.mayQuery(c.caller, t) {
		detail := ""
		if encoded != "" {
			detail = "Field(s) present in the query do not have permission to be read"
		}
		return refused(http.StatusForbidden, "Insufficient rights to query records", detail)
	}
	limit, offset := number(c.query.Get("sysparm_limit"), defaultLimit), number(c.query.Get("sysparm_offset"), 0)
	q := s.parseQuery(t, encoded, c.caller)
	if q.unbuilt != "" {
		return unbuiltQuery(q)
	}
	found := s.ruled(c.caller, s.run(t, q))
	total := len(found)
	if s.opts.CountAfterACL {
		total = 0
		for _, r := range found {
			if s.readable(c.caller, r) {
				total++
			}
		}
	}
	// The page is cut before ACLs filter it, so a page may be short, or empty, while more follow.
	page := found[min(offset, len(found)):min(offset+limit, len(found))]
	v := viewOf(c)
	records := recordList{rows: []byte{'['}}
	shown := s.shownColumns(t, v)
	for _, r := range page {
		if s.readable(c.caller, r) {
			s.renderInto(&records, t, r, v, shown)
			if records.count == 1 { // the others are about as long
				records.rows = slices.Grow(records.rows, len(records.rows)*len(page)*5/4)
			}
		}
	}
	records.rows = append(records.rows, ']')
	a := result(http.StatusOK, records)
	if version == "v1" && records.count == 0 {
		a = noRecord() // only the first version of the API answers so
	}
	a.header = http.Header{}
	if c.query.Get("sysparm_no_count") != "true" {
		a.header.Set("X-Total-Count", strconv.Itoa(total))
		if c.query.Get("sysparm_suppress_pagination_header") != "true" {
			if link := pageLinks(c, limit, offset, len(found)); link != "" {
				a.header.Set("Link", link)
			}
		}
	}
	return a
}

func number(text string, def int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return def
	}
	return n
}

// filters makes an encoded query of name=value parameters, which count only where there is no sysparm_query.
func filters(query url.Values) string {
	var terms []string
	for name, values := range query {
		if strings.HasPrefix(name, "sysparm_") || name == apiKeyName {
			continue
		}
		for _, value := range values {
			terms = append(terms, name+"="+value)
		}
	}
	return strings.Join(terms, "^")
}

func pageLinks(c *call, limit, offset, total int) string {
	if limit <= 0 {
		return ""
	}
	at := func(offset int, rel string) string {
		query := url.Values{}
		for name, values := range c.query {
			query[name] = values
		}
		query.Set("sysparm_limit", strconv.Itoa(limit))
		query.Set("sysparm_offset", strconv.Itoa(offset))
		return fmt.Sprintf("<%s%s?%s>;rel=%q", c.base, c.path, query.Encode(), rel)
	}
	links := []string{at(0, "first")}
	if offset > 0 {
		links = append(links, at(max(0, offset-limit), "prev"))
	}
	if offset+limit < total {
		links = append(links, at(offset+limit, "next"))
	}
	return strings.Join(append(links, at(max(0, (total-1)/limit*limit), "last")), ",")
}

// bodyOf decodes a JSON object, or says how the platform refuses what is none.
func bodyOf(c *call) (map[string]any, *answer) {
	kind, _, err := mime.ParseMediaType(c.header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		a := refused(
			http.StatusUnsupportedMediaType,
			"Unsupported media type",
			"Content-Type application/json is required",
		)
		return nil, &a
	}
	body := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.UseNumber()
	if err := decoder.Decode(&body); err != nil && len(bytes.TrimSpace(c.body)) > 0 {
		a := refused(http.StatusBadRequest, "Exception while reading request", "The payload is not valid JSON.")
		return nil, &a
	}
	return body, nil
}

func (s *Server) writeOf(c *call, values map[string]any) write {
	return write{
		values: values, by: c.caller.userName, scope: s.scopeOfCall(c),
		display: c.query.Get("sysparm_input_display_value") == "true",
	}
}

func (s *Server) createRecord(c *call, t *table) answer {
	body, bad := bodyOf(c)
	if bad != nil {
		return *bad
	}
	if !c.caller.may(writersOf(t)) {
		return denied("Insert")
	}
	if no := s.scopeUnnameable(c); no != nil {
		return *no
	}
	r, err := s.insert(t, s.writeOf(c, body))
	if err != nil {
		return s.writeRefused(err)
	}
	return s.written(c, t, r, http.StatusCreated)
}

// written answers a write with the stored row.
func (s *Server) written(c *call, t *table, r *row, status int) answer {
	v := viewOf(c)
	a := answer{status: status}
	if !v.withoutAnswer {
		a = result(status, s.render(t, r, v))
	}
	if status == http.StatusCreated {
		a.header = http.Header{"Location": {c.base + strings.TrimSuffix(c.path, "/") + "/" + r.id()}}
	}
	return a
}

func (s *Server) updateRecord(c *call, t *table, r *row) answer {
	body, bad := bodyOf(c)
	if bad != nil {
		return *bad
	}
	if no := s.scopeUnnameable(c); no != nil {
		return *no
	}
	if !c.caller.may(writersOf(r.table)) || s.crossesScope(c, r) {
		return denied("Update")
	}
	for name := range body {
		if t.column(name) == nil {
			delete(body, name) // a row is written with the columns of the table in the URL, not of its class
		}
	}
	if err := s.update(r, s.writeOf(c, body)); err != nil {
		return s.writeRefused(err)
	}
	return s.written(c, t, r, http.StatusOK)
}

func (s *Server) deleteRecord(c *call, t *table, r *row) answer {
	if no := s.scopeUnnameable(c); no != nil {
		return *no
	}
	if !c.caller.may(writersOf(t)) || s.crossesScope(c, r) {
		return denied("Delete")
	}
	if err := s.remove(r); err != nil {
		return s.writeRefused(err)
	}
	return answer{status: http.StatusNoContent}
}

// render makes the JSON object of a row as seen through t. Unknown fields are left out, as the documentation says.
func (s *Server) render(t *table, r *row, v view) map[string]any {
	if v.fields == nil {
		record := make(map[string]any, len(t.columns))
		for _, column := range t.columns {
			c := r.table.column(column.Name) // the class may override a column's choices
			if c == nil || s.guards.columnUnreadable(r.table, c.Name) {
				continue
			}
			record[c.Name] = s.renderColumn(r, c, v)
		}
		return record
	}
	record := make(map[string]any, len(v.fields))
	for _, field := range v.fields {
		if s.columnAt(t, field) == nil {
			continue
		}
		at, c := s.walk(r, field)
		switch {
		case at == nil || c == nil:
			record[field] = ""
		case !s.guards.columnUnreadable(at.table, c.Name):
			record[field] = s.renderColumn(at, c, v)
		}
	}
	return record
}

func (s *Server) renderColumn(r *row, c *Column, v view) any {
	value := r.values[c.Name]
	switch {
	case c.Type == Password || c.Type == Password2:
		value = s.maskedSecret(r, c)
	case c.Name == "expires_in_days":
		value = s.daysLeft(r) // changes daily without a write
	}
	link := ""
	if c.Type == Reference && value != "" && !v.excludeLinks {
		link = v.base + "/api/now/table/" + c.Reference + "/" + value
	}
	switch v.display {
	case "true":
		shown := s.shown(r, c, value)
		if link != "" {
			return map[string]any{"display_value": shown, "link": link}
		}
		return shown
	case "all":
		all := map[string]any{"display_value": s.shown(r, c, value), "value": value}
		if link != "" {
			all["link"] = link
		}
		return all
	default:
		if link != "" {
			return map[string]any{"link": link, "value": value}
		}
		return value
	}
}

func (s *Server) shown(r *row, c *Column, value string) string {
	if c.Type == Password || c.Type == Password2 || c.Name == "expires_in_days" {
		return value
	}
	return s.display(r, c)
}

// maskedSecret never shows a secret. By default an API key's token reads "hidden" once there is one, the rest read
// empty. Clients saw some columns come back encrypted; what that looks like is made up, but it differs by write.
func (s *Server) maskedSecret(r *row, c *Column) string {
	if secret := r.secrets[c.Name]; s.opts.ShowEncryptedSecrets && c.Type == Password2 && secret != "" {
		return "encrypted:" + s.hash(r.id()+r.values["sys_mod_count"]+secret)
	}
	if r.table.is("api_key") && c.Name == "token" && r.secrets["token"] != "" {
		return "hidden"
	}
	return ""
}
