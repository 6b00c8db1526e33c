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
	t, body, no := s.importRequest(c, name)
	if no != nil {
		return *no
	}
	set := s.newImportSet()
	outcome, err := s.importInto(c, t, set, body)
	if err != nil {
		return s.writeRefused(err)
	}
	return answer{status: http.StatusCreated, body: map[string]any{
		"import_set": set, "staging_table": name, "result": []map[string]string{outcome},
	}}
}

// importRequest returns the staging table and body of a request to the Import Set API, or how it is refused.
func (s *Server) importRequest(c *call, name string) (*table, map[string]any, *answer) {
	t, no := s.tableNamed(name)
	if t != nil && !t.is("sys_import_set_row") || no != nil && no.status == http.StatusBadRequest {
		a := refused(http.StatusBadRequest, "Invalid staging table", "")
		return nil, nil, &a
	}
	if no != nil {
		return nil, nil, no
	}
	body, bad := bodyOf(c)
	if bad != nil {
		return nil, nil, bad
	}
	for _, role := range [][]string{{"import_set_loader"}, {"import_transformer"}, writersOf(t)} {
		if !c.caller.may(role) {
			a := denied("Insert")
			return nil, nil, &a
		}
	}
	return t, body, nil
}

func (s *Server) newImportSet() string {
	s.numbers["ISET"]++
	return fmt.Sprintf("ISET%07d", 10000+s.numbers["ISET"])
}

// importInto stages one row and transforms it; the outcome is kept in the row.
func (s *Server) importInto(c *call, t *table, set string, body map[string]any) (map[string]string, error) {
	staged := maps.Clone(body)
	staged["sys_import_set"] = set
	row, err := s.insert(t, write{values: staged, by: c.caller.userName})
	if err != nil {
		return nil, err
	}
	outcome := s.transform(c, t.Name, body)
	row.values["sys_import_state"] = outcome["status"]
	row.values["sys_import_state_comment"] = outcome["error_message"]
	row.values["sys_target_table"], row.values["sys_target_sys_id"] = outcome["table"], outcome["sys_id"]
	return outcome, nil
}

// importRows is POST /api/now/import/{staging table}/insertMultiple: the rows of "records" become one import set. An
// instance transforms it in a job of its own and answers with ids only, so the outcomes stand in the staged rows; here
// they do at once.
func (s *Server) importRows(c *call, name string) answer {
	t, body, no := s.importRequest(c, name)
	if no != nil {
		return *no
	}
	records, ok := body["records"].([]any)
	if !ok || len(records) == 0 {
		return refused(http.StatusBadRequest, "Exception while reading request", "No records in the payload")
	}
	rows := make([]map[string]any, 0, len(records))
	for _, record := range records {
		row, ok := record.(map[string]any)
		if !ok {
			return refused(http.StatusBadRequest, "Exception while reading request", "A record is not an object")
		}
		rows = append(rows, row)
	}
	set := s.newImportSet()
	for _, row := range rows {
		if _, err := s.importInto(c, t, set, row); err != nil {
			return s.writeRefused(err)
		}
	}
	return answer{status: http.StatusCreated, body: map[string]any{
		"import_set_id": seedID("import set", set), "multi_import_set_id": seedID("multi import set", set),
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
