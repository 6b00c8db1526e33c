package page

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

type kibanaPages struct {
	*side

	server      *kibana.Server
	instanceURL func() string
}

// Kibana returns the pages of the Kibana side.
func Kibana(on Servers) http.Handler {
	p := &kibanaPages{
		side:   newSide(kibanaSide, serviceNowSide, on.ServiceNowURL, on.KibanaFaults),
		server: on.Kibana, instanceURL: on.ServiceNowURL,
	}
	p.show("/", "Overview", p.overview)
	p.show(Prefix+"cases", "Cases", p.cases)
	p.show(Prefix+"requests", "Requests", p.requests)
	p.show(Prefix+"cors", "CORS", p.cors)
	p.faultPages()
	p.statePages(p.server, func() { p.server.Reset(); p.faults.Clear() })
	return p
}

func (p *kibanaPages) overview(*http.Request) content {
	connectors := p.server.Connectors()
	g := grid{
		Title: "Connectors", Head: []string{"Name", "Type", "Space", "Id", "Settings", "Secrets"}, Empty: "None yet.",
	}
	for _, c := range connectors {
		secrets := cell{Text: "set", Class: "good"}
		if c.IsMissingSecrets {
			secrets = cell{Text: "missing", Class: "bad"}
		}
		g.Rows = append(g.Rows, []cell{
			{Text: c.Name},
			{Text: c.TypeID, Class: "code"},
			{Text: c.Space},
			{Text: c.ID, Class: "code"},
			{Text: sorted(c.Config)},
			secrets,
		})
	}
	return content{
		Title: "Overview",
		Note: "A simulated Kibana, in memory. The admin API is described at /simulator/schema. " +
			"Log in with the user and password that the command printed.",
		Facts: []fact{
			{"release", p.server.Version()},
			{"connectors", strconv.Itoa(len(connectors))},
			{"cases", strconv.Itoa(len(p.server.Cases()))},
			{"requests", strconv.Itoa(len(p.server.Requests()))},
			{"faults", strconv.Itoa(len(p.faults.Rules()))},
		},
		Grids: []grid{g},
	}
}

func (p *kibanaPages) cases(*http.Request) content {
	g := grid{Head: []string{"Title", "Owner", "Status", "Connector", "Pushed as", "Comments"}, Empty: "None yet."}
	for _, c := range p.server.Cases() {
		connector, _ := c["connector"].(map[string]any)
		external, _ := c["external_service"].(map[string]any)
		pushed := cell{Text: "not pushed", Class: "empty"}
		if external != nil {
			pushed = cell{Text: fmt.Sprint(external["external_title"]), Class: "good"}
		}
		g.Rows = append(g.Rows, []cell{
			{Text: fmt.Sprint(c["title"])},
			{Text: fmt.Sprint(c["owner"])},
			{Text: fmt.Sprint(c["status"])},
			{Text: fmt.Sprint(connector["name"])},
			pushed,
			{Text: fmt.Sprint(c["totalComment"])},
		})
	}
	settings := grid{Title: "Settings", Head: []string{"Owner", "Space", "Closure", "Connector"}, Empty: "None yet."}
	for _, s := range p.server.CaseSettings() {
		settings.Rows = append(settings.Rows, []cell{
			{Text: s.Owner}, {Text: s.Space}, {Text: s.ClosureType}, {Text: sorted(s.Connector)},
		})
	}
	return content{Title: "Cases", Grids: []grid{g, settings}}
}

func (p *kibanaPages) requests(r *http.Request) content {
	live := r.URL.Query().Get("live") != ""
	g := grid{Head: []string{"Time", "Method", "Path", "User", "Body", "Status"}, Empty: "None yet."}
	for _, request := range newest(p.server.Requests()) {
		g.Rows = append(g.Rows, []cell{
			{Text: clock(request.Time)},
			{Text: request.Method},
			{Text: request.Path, Class: "code"},
			{Text: request.User},
			{Text: string(request.Body), Class: "code"},
			statusCell(request.Status),
		})
	}
	return content{
		Title: "Requests", Live: live, Grids: []grid{g}, Forms: []form{liveForm(Prefix+"requests", live)},
		Note: "The newest first. Secrets are masked.",
	}
}

// cors calls the instance from the browser. Its values may stand in the address, so that a test can send them.
func (p *kibanaPages) cors(r *http.Request) content {
	values := r.URL.Query()
	value := func(name, fallback string) string {
		if v := values.Get(name); v != "" {
			return v
		}
		return fallback
	}
	return content{
		Title: "Across origins",
		Note: "Kibana's page in a browser calls the instance across origins, which needs a CORS rule there for this " +
			"page's address. Without one the browser keeps the answer back. A user name adds an Authorization header, " +
			"which the rule must allow besides.",
		Forms: []form{{
			ID: "cors", Method: "get", Action: Prefix + "cors", Button: "Call", Fields: []field{
				{Name: "instance", Label: "Instance", Value: p.instanceURL()},
				{Name: "method", Label: "Method", Value: value("method", "GET"), Options: []string{
					"GET", "POST", "PUT", "PATCH", "DELETE",
				}},
				{Name: "path", Label: "Path", Value: value("path", "/api/x_elas2_inc_int/elastic_api/health")},
				{Name: "user", Label: "User", Value: value("user", ""), Placeholder: "none"},
				{Name: "password", Label: "Password", Type: "password"},
			},
		}},
		Script: Prefix + "cors.js", Output: "cors-result",
	}
}
