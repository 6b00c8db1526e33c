package page

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

type instance struct {
	*side

	server *servicenow.Server
}

// ServiceNow returns the pages of the ServiceNow side.
func ServiceNow(on Servers) http.Handler {
	p := &instance{
		side:   newSide(serviceNowSide, kibanaSide, on.KibanaURL, on.ServiceNow.Faults),
		server: on.ServiceNow,
	}
	p.show("/", "Overview", p.overview)
	p.show(Prefix+"tables", "Tables", p.tables)
	p.show(Prefix+"table", "", p.table)
	p.show(Prefix+"record", "", p.record)
	p.show(Prefix+"dictionary", "", p.dictionary)
	p.show(Prefix+"apps", "Applications", p.apps)
	p.show(Prefix+"policies", "Access policies", func(*http.Request) content { return p.policies(nil, "", "") })
	p.mux.HandleFunc("POST "+Prefix+"policies", p.explain)
	p.show(Prefix+"oauth", "OAuth log", p.oauth)
	p.show(Prefix+"requests", "Requests", p.requests)
	p.faultPages()
	p.statePages(p.server, p.server.Reset)
	p.act(Prefix+"advance", "/", func(r *http.Request) error {
		d, err := time.ParseDuration(r.PostFormValue("by"))
		if err != nil || d < 0 {
			return fmt.Errorf("%q is not a duration such as 30m or 24h", r.PostFormValue("by"))
		}
		p.server.Advance(d)
		return nil
	})
	return p
}

func (p *instance) overview(*http.Request) content {
	incidents := p.server.Records("incident", "ORDERBYDESCnumber")
	g := grid{
		Title: "Incidents that came in",
		Head:  []string{"Number", "Short description", "State", "Opened", "Correlation", "By"}, Empty: "None yet.",
	}
	for _, r := range incidents[:min(len(incidents), 20)] {
		g.Rows = append(g.Rows, []cell{
			{Text: r["number"], Href: recordHref("incident", r["sys_id"])},
			{Text: r["short_description"]},
			{Text: r["state"]},
			{Text: r["opened_at"]},
			{Text: r["correlation_display"]},
			{Text: r["sys_created_by"]},
		})
	}
	return content{
		Title: "Overview",
		Note: "A simulated instance, in memory. The admin API is described at /simulator/schema. " +
			"Log in with the user and password that the command printed.",
		Facts: []fact{
			{"instance time (UTC)", clock(p.server.Now())},
			{"tables", strconv.Itoa(len(p.server.Tables()))},
			{"incidents", strconv.Itoa(len(incidents))},
			{"users", strconv.Itoa(p.server.Count("sys_user"))},
			{"requests", strconv.Itoa(len(p.server.Requests()))},
			{"faults", strconv.Itoa(len(p.faults.Rules()))},
		},
		Grids: []grid{g},
		Forms: []form{{
			Title: "Clock", Note: "Tokens, keys and certificates expire as time goes on.", Method: "post",
			Action: Prefix + "advance", Button: "Move on",
			Fields: []field{{Name: "by", Label: "By", Value: "31m", Placeholder: "30m, 24h"}},
		}},
	}
}

func tableHref(name string) string { return Prefix + "table?name=" + url.QueryEscape(name) }

func recordHref(table, id string) string {
	return Prefix + "record?table=" + url.QueryEscape(table) + "&id=" + url.QueryEscape(id)
}

func (p *instance) tables(r *http.Request) content {
	filter := r.URL.Query().Get("query")
	g := grid{Head: []string{"Table", "Label", "Extends", "Rows", ""}, Empty: "No table's name holds that."}
	for _, name := range p.server.Tables() {
		def, ok := p.server.Describe(name)
		if !ok || !strings.Contains(strings.ToLower(name+" "+def.Label), strings.ToLower(filter)) {
			continue
		}
		g.Rows = append(g.Rows, []cell{
			{Text: name, Href: tableHref(name), Class: "code"},
			{Text: def.Label},
			{Text: def.Extends, Class: "code"},
			{Text: strconv.Itoa(p.server.Count(name))},
			{Text: "Columns", Href: Prefix + "dictionary?table=" + url.QueryEscape(name)},
		})
	}
	return content{
		Title: "Tables", Grids: []grid{g}, Forms: []form{{
			Method: "get", Action: Prefix + "tables", Button: "Filter",
			Fields: []field{{Name: "query", Label: "Name or label", Value: filter}},
		}},
	}
}

func (p *instance) table(r *http.Request) content {
	name, query := r.URL.Query().Get("name"), r.URL.Query().Get("query")
	def, ok := p.server.Describe(name)
	if !ok {
		return content{Title: "No such table", Problem: fmt.Sprintf("No table is called %q.", name)}
	}
	columns := shownColumns(def)
	records := p.server.Records(name, query)
	g := grid{Head: append(columns, "sys_id"), Empty: "No rows."}
	for _, record := range records[:min(len(records), shownRows)] {
		var row []cell
		for _, column := range columns {
			row = append(row, cell{Text: record[column]})
		}
		g.Rows = append(g.Rows, append(row, cell{
			Text: record["sys_id"], Href: recordHref(name, record["sys_id"]), Class: "code",
		}))
	}
	note := fmt.Sprintf("%d rows.", len(records))
	if len(records) > shownRows {
		note = fmt.Sprintf("The first %d of %d rows.", shownRows, len(records))
	}
	return content{
		Title: def.Label + " (" + name + ")", Note: note, Grids: []grid{g}, Forms: []form{{
			Method: "get", Action: Prefix + "table", Button: "Filter", Fields: []field{
				{Name: "name", Type: "hidden", Value: name},
				{Name: "query", Label: "Encoded query", Value: query, Placeholder: "active=true^ORDERBYname"},
			},
		}},
	}
}

// shownColumns are the display column and up to five more that say something; all are on the record's own page.
func shownColumns(def servicenow.Table) []string {
	columns := []string{def.Display}
	for _, c := range def.Columns {
		if len(columns) == 6 {
			break
		}
		if !strings.HasPrefix(c.Name, "sys_") && !slices.Contains(columns, c.Name) && !secret(c) {
			columns = append(columns, c.Name)
		}
	}
	if columns[0] == "sys_id" {
		columns = columns[1:]
	}
	return append(columns, "sys_updated_on")
}

func secret(c servicenow.Column) bool {
	return c.Type == servicenow.Password || c.Type == servicenow.Password2
}

func (p *instance) record(r *http.Request) content {
	table, id := r.URL.Query().Get("table"), r.URL.Query().Get("id")
	def, known := p.server.Describe(table)
	record, ok := p.server.Record(table, id)
	if !known || !ok {
		return content{Title: "No such record", Problem: fmt.Sprintf("Table %q has no record %q.", table, id)}
	}
	g := grid{Head: []string{"Column", "Label", "Value"}}
	for _, c := range def.Columns {
		value := cell{Text: record[c.Name]}
		switch {
		case secret(c):
			value = cell{Text: "not shown", Class: "empty"}
		case c.Type == servicenow.Reference && value.Text != "":
			value.Href = recordHref(c.Reference, value.Text)
		}
		g.Rows = append(g.Rows, []cell{{Text: c.Name, Class: "code"}, {Text: c.Label}, value})
	}
	title := record[def.Display]
	if title == "" {
		title = id
	}
	return content{Title: title, Note: def.Label + " (" + table + ")", Grids: []grid{g}}
}

func (p *instance) dictionary(r *http.Request) content {
	name := r.URL.Query().Get("table")
	def, ok := p.server.Describe(name)
	if !ok {
		return content{Title: "No such table", Problem: fmt.Sprintf("No table is called %q.", name)}
	}
	g := grid{Head: []string{"Column", "Label", "Type", "Reference", "Length", "Default", "Properties", "Choices"}}
	for _, c := range def.Columns {
		var properties, choices []string
		for word, set := range map[string]bool{
			"mandatory": c.Mandatory, "read-only": c.ReadOnly, "unique": c.Unique, "computed": c.Computed,
			"display": c.Name == def.Display,
		} {
			if set {
				properties = append(properties, word)
			}
		}
		slices.Sort(properties)
		for _, choice := range c.Choices {
			choices = append(choices, choice.Value+" "+choice.Label)
		}
		length := ""
		if c.MaxLength > 0 {
			length = strconv.Itoa(c.MaxLength)
		}
		g.Rows = append(g.Rows, []cell{
			{Text: c.Name, Class: "code"},
			{Text: c.Label},
			{Text: string(c.Type), Class: "code"},
			{Text: c.Reference, Class: "code"},
			{Text: length},
			{Text: c.Default},
			{Text: strings.Join(properties, ", ")},
			{Text: strings.Join(choices, ", ")},
		})
	}
	return content{
		Title: "Columns of " + name, Note: def.Label, Grids: []grid{g},
	}
}

func (p *instance) apps(*http.Request) content {
	g := grid{Head: []string{"Id", "Name", "Version", "State"}, Empty: "None."}
	for _, plugin := range p.server.Records("v_plugin", "ORDERBYid") {
		state := cell{Text: "available"}
		if plugin["active"] == "active" || plugin["active"] == "true" {
			state = cell{Text: "installed", Class: "good"}
		}
		g.Rows = append(g.Rows, []cell{
			{Text: plugin["id"], Class: "code"}, {Text: plugin["name"]}, {Text: plugin["version"]}, state,
		})
	}
	scopes := grid{Title: "Scopes", Head: []string{"Scope", "Name", "Version"}, Empty: "None."}
	for _, scope := range p.server.Records("sys_scope", "ORDERBYscope") {
		scopes.Rows = append(scopes.Rows, []cell{
			{Text: scope["scope"], Class: "code", Href: recordHref("sys_scope", scope["sys_id"])},
			{Text: scope["name"]},
			{Text: scope["version"]},
		})
	}
	return content{Title: "Applications", Note: "POST /simulator/install installs one.", Grids: []grid{g, scopes}}
}

func (p *instance) policies(verdict *servicenow.Explanation, method, path string) content {
	g := grid{
		Title: "REST API access policies",
		Head:  []string{"Policy", "Active", "API", "Method", "Table", "Mapped active profiles"},
	}
	records := map[string]servicenow.Record{}
	for _, r := range p.server.Records("sys_api_access_policy", "") {
		records[r["sys_id"]] = r
	}
	for _, policy := range p.server.AccessPolicies() {
		r := records[policy.ID]
		g.Rows = append(g.Rows, []cell{
			{Text: policy.Name, Href: recordHref("sys_api_access_policy", policy.ID)},
			{Text: r["active"]},
			{Text: orAll(r["api_path"], r["apply_global"])},
			{Text: orAll(r["http_method"], r["apply_all_methods"])},
			{Text: orAll(r["api_tablename"], r["apply_all_tables"])},
			{Text: strings.Join(policy.Profiles, ", ")},
		})
	}
	if path == "" {
		path = "/api/now/table/incident"
	}
	return content{
		Title: "Access policies", Verdict: verdict, Grids: []grid{g}, Forms: []form{{
			Title: "Would this pass?",
			Note: "Authentication, access policies and auth scopes are asked; ACLs on records come after them. " +
				"Nothing is sent, and what you type is not kept.",
			Method: "post", Action: Prefix + "policies", Button: "Ask", Fields: []field{
				{Name: "method", Label: "Method", Value: method, Options: []string{"GET", "POST", "PUT", "PATCH", "DELETE"}},
				{Name: "path", Label: "Path", Value: path},
				{Name: "user", Label: "User"},
				{Name: "password", Label: "Password", Type: "password"},
				{Name: "api_key", Label: "or API key", Type: "password"},
				{Name: "in", Label: "Key sent in", Options: []string{"header", "query"}},
				{Name: "token", Label: "or token", Type: "password"},
			},
		}},
	}
}

func orAll(value, all string) string {
	if value == "" || all == "true" {
		return "all"
	}
	return value
}

func (p *instance) explain(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	q := servicenow.Question{
		Method: r.PostFormValue("method"), Path: r.PostFormValue("path"), User: r.PostFormValue("user"),
		Password: r.PostFormValue("password"), APIKey: r.PostFormValue("api_key"), In: r.PostFormValue("in"),
		Token: r.PostFormValue("token"),
	}
	verdict := p.server.Explain(q)
	p.write(w, Prefix+"policies", p.policies(&verdict, q.Method, q.Path))
}

func (p *instance) oauth(*http.Request) content {
	g := grid{
		Head:  []string{"Time", "Grant", "Client", "User", "Token", "True reason"},
		Empty: "No token was asked for yet.",
	}
	for _, attempt := range newest(p.server.OAuthLog()) {
		outcome := cell{Text: "issued", Class: "good"}
		if !attempt.OK {
			outcome = cell{Text: "refused", Class: "bad"}
		}
		g.Rows = append(g.Rows, []cell{
			{Text: clock(attempt.Time)},
			{Text: attempt.GrantType},
			{Text: attempt.ClientID, Class: "code"},
			{Text: attempt.User},
			outcome,
			{Text: attempt.Reason},
		})
	}
	return content{
		Title: "OAuth log", Grids: []grid{g},
		Note: "A client only ever learns access_denied. The instance knows more.",
	}
}

func (p *instance) requests(r *http.Request) content {
	live := r.URL.Query().Get("live") != ""
	g := grid{
		Head:  []string{"Time", "Method", "Path", "Columns sent", "Log-in", "Client", "Status"},
		Empty: "None yet.",
	}
	for _, request := range newest(p.server.Requests()) {
		path := request.Path
		if request.Query != "" {
			path += "?" + request.Query
		}
		g.Rows = append(g.Rows, []cell{
			{Text: clock(request.Time)},
			{Text: request.Method},
			{Text: path, Class: "code"},
			{Text: strings.Join(request.Columns, ", ")},
			{Text: request.Auth},
			{Text: request.Agent},
			statusCell(request.Status),
		})
	}
	return content{
		Title: "Requests", Live: live, Grids: []grid{g}, Forms: []form{liveForm(Prefix+"requests", live)},
		Note: "The newest first. Values of bodies and credentials are never kept.",
	}
}

// sorted renders a map as key: value lines, in order.
func sorted(m map[string]any) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s: %v", key, m[key]))
	}
	return strings.Join(parts, "; ")
}
