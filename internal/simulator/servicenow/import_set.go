package servicenow

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// importRow is POST /api/now/import/{staging table}: one row is staged and transformed at once. Failures of the
// transform are 201 with status "error" in the row; only rights to the API itself are refused with 403.
func (s *Server) importRow(c *call, name string) answer {
	t, no := s.tableNamed(name)
	if t != nil && !t.is("sys_import_set_row") || no != nil && no.status == http.StatusBadRequest {
		return refused(http.StatusBadRequest, "Invalid staging table", "")
	}
	if no != nil {
		return *no
	}
	body, bad := bodyOf(c)
	if bad != nil {
		return *bad
	}
	for _, role := range [][]string{{"import_set_loader"}, {"import_transformer"}, writersOf(t)} {
		if !c.caller.may(role) {
			return denied("Insert")
		}
	}
	s.numbers["ISET"]++
	set := fmt.Sprintf("ISET%07d", 10000+s.numbers["ISET"])
	staged := maps.Clone(body)
	staged["sys_import_set"] = set
	row, err := s.insert(t, write{values: staged, by: c.caller.userName})
	if err != nil {
		return writeRefused(err)
	}
	outcome := s.transform(c, name, body)
	row.values["sys_import_state"] = outcome["status"]
	row.values["sys_import_state_comment"] = outcome["error_message"]
	row.values["sys_target_table"], row.values["sys_target_sys_id"] = outcome["table"], outcome["sys_id"]
	return answer{status: http.StatusCreated, body: map[string]any{
		"import_set": set, "staging_table": name, "result": []map[string]string{outcome},
	}}
}

func (s *Server) transform(c *call, staging string, body map[string]any) map[string]string {
	m, ok := transforms[staging]
	if !ok {
		return map[string]string{"status": "error", "error_message": "No transform map found for " + staging}
	}
	failed := func(message string) map[string]string {
		return map[string]string{
			"transform_map": m.name,
			"table":         m.target,
			"status":        "error",
			"error_message": message,
		}
	}
	if missing := s.missingPrivilege(m.app, m.privileges); missing != nil {
		return failed(missing.denial(m.app))
	}
	target := s.tables[m.target]
	if target == nil {
		return failed("Invalid table " + m.target)
	}
	values := s.mapped(target, body)
	w := write{values: values, by: c.caller.userName}
	var (
		status string
		r      *row
		err    error
	)
	if id := incidentID(body); id != "" {
		status, r = "updated", s.find(target, id)
		if r == nil {
			return failed("No " + m.target + " with sys_id " + id)
		}
		err = s.update(r, w)
	} else {
		status = "inserted"
		r, err = s.insert(target, w)
	}
	if err != nil {
		return failed(err.Error())
	}
	return map[string]string{
		"transform_map": m.name, "table": m.target, "display_name": "number",
		"display_value": r.values["number"], "record_link": c.base + "/api/now/table/" + m.target + "/" + r.id(),
		"status": status, "sys_id": r.id(),
	}
}

// incidentID is how Elastic's application is told to update instead of insert.
func incidentID(body map[string]any) string {
	if id := asText(body["elastic_incident_id"]); id != "" {
		return id
	}
	return asText(body["u_elastic_incident_id"])
}

// mapped takes u_x to x, keeps columns that are named as they are, and looks people up by user name.
func (s *Server) mapped(target *table, body map[string]any) map[string]any {
	values := map[string]any{}
	for name, raw := range body {
		column := name
		if target.column(name) == nil {
			column = strings.TrimPrefix(name, "u_")
		}
		c := target.column(column)
		if c == nil || raw == nil || strings.HasPrefix(column, "sys_") {
			continue
		}
		if c.Type == Reference && c.Reference == "sys_user" {
			if user := s.userNamed(asText(raw)); user != nil {
				raw = user.id()
			}
		}
		values[column] = raw
	}
	return values
}
