package servicenow

import (
	"encoding/json"
	"net/http"
	"strings"
)

// scriptedHandlers are the scripts of the scripted REST APIs in the catalogue, by operation. They run only while the
// API's definition and operation exist and are active.
var scriptedHandlers = map[string]func(s *Server, c *call, path map[string]string) answer{
	"GET /api/x_elas2_inc_int/elastic_api/health":                          elasticHealth,
	"GET /api/x_elas2_sir_int/elastic_api/health":                          elasticHealth,
	"POST /api/x_elas2_sir_int/elastic_api/incident/{id}/observables":      addObservables,
	"POST /api/x_elas2_sir_int/elastic_api/incident/{id}/observables/bulk": addObservables,
	"POST /api/sn_em_connector/em/inbound_event":                           inboundEvent,
	"POST /api/global/em/inbound_event":                                    inboundEvent,
	"POST /api/mid/em/inbound_event":                                       inboundEvent,
	"POST /api/global/em/jsonv2":                                           bulkEvents,
}

// webService returns the scripted API that serves a path: the one with the longest base.
func (s *Server) webService(path string) *row {
	var best *row
	for r := range s.rows("sys_ws_definition") {
		base := r.values["base_uri"]
		if base == "" || path != base && !strings.HasPrefix(path, base+"/") {
			continue
		}
		if best == nil || len(base) > len(best.values["base_uri"]) {
			best = r
		}
	}
	return best
}

func (s *Server) scripted(c *call) answer {
	api := s.webService(c.path)
	if api == nil || api.values["active"] != "true" {
		return noResource()
	}
	base := api.values["base_uri"]
	known := false
	for op := range s.rows("sys_ws_operation") {
		if !op.has("web_service_definition", api.id(), "active", "true") {
			continue
		}
		template := base + strings.TrimSuffix(op.values["relative_path"], "/")
		parameters, ok := matchPath(template, strings.TrimSuffix(c.path, "/"))
		if !ok {
			continue
		}
		known = true
		if op.values["http_method"] != c.method {
			continue
		}
		if run := scriptedHandlers[c.method+" "+template]; run != nil {
			return run(s, c, parameters)
		}
		return result(http.StatusOK, map[string]any{}) // an API that a user defined: its script does not run here
	}
	if known {
		return refused(http.StatusMethodNotAllowed, "Method not supported", "")
	}
	return noResource()
}

func matchPath(template, path string) (map[string]string, bool) {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	parameters := map[string]string{}
	for i, part := range want {
		switch {
		case strings.HasPrefix(part, "{"):
			parameters[strings.Trim(part, "{}")] = have[i]
		case part != have[i]:
			return nil, false
		}
	}
	return parameters, true
}

func elasticHealth(s *Server, c *call, _ map[string]string) answer {
	scope := strings.Split(c.path, "/")[2]
	return result(http.StatusOK, map[string]string{"name": "Elastic", "scope": scope, "version": s.installed(scope)})
}

// addObservables links observables to a security incident; the body is one object or a list of them.
func addObservables(s *Server, c *call, path map[string]string) answer {
	if !c.caller.may([]string{ElasticSecOps + integrationUserRoleName, "sn_si.basic"}) {
		return denied("Insert")
	}
	incident := s.findIn("sn_si_incident", path["id"])
	if incident == nil {
		return noRecord()
	}
	type observable struct{ Value, Type string }
	var in []observable
	if json.Unmarshal(c.body, &in) != nil {
		var one observable
		if err := json.Unmarshal(c.body, &one); err != nil {
			return refused(http.StatusBadRequest, "Exception while reading request", "The payload is not valid JSON.")
		}
		in = []observable{one}
	}
	out := []map[string]string{}
	for _, o := range in {
		r := s.where("sn_ti_observable", "value", o.Value)
		if r == nil {
			typ := s.where("sn_ti_observable_type", "value", o.Type)
			if typ == nil {
				typ = s.where("sn_ti_observable_type", "value", "unknown")
			}
			values := map[string]any{"value": o.Value}
			if typ != nil {
				values["type"] = typ.id()
			}
			var err error
			r, err = s.insert(s.tables["sn_ti_observable"], write{values: values, by: c.caller.userName})
			if err != nil {
				return s.writeRefused(err)
			}
		}
		link := write{by: c.caller.userName, values: map[string]any{"task": incident.id(), "observable": r.id()}}
		if s.where("sn_ti_m2m_task_observable", "task", incident.id(), "observable", r.id()) == nil {
			if _, err := s.insert(s.tables["sn_ti_m2m_task_observable"], link); err != nil {
				return s.writeRefused(err)
			}
		}
		out = append(out, map[string]string{"value": o.Value, "observable_sys_id": r.id()})
	}
	return result(http.StatusOK, out)
}
