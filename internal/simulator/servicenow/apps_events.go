package servicenow

import (
	"encoding/json"
	"fmt"
	"net/http"
)

var (
	eventAdmins  = []string{"evt_mgmt_admin"}
	eventSenders = []string{"evt_mgmt_integration"}
)

var eventManagement = &app{
	id: EventManagementPlugin, name: "Event Management", versions: []string{"1.0.0"},
	plugin: true,
	tables: []Table{
		{Name: "em_event", Label: "Event", Display: "message_key", Columns: []Column{
			str("source", 100), str("event_class", 100), str("node", 1000), str("type", 100), str("resource", 1000),
			str("metric_name", 100), str("message_key", 1024), str("description", 4000), str("additional_info", 65000),
			choice("severity", "", "0", "Clear", "1", "Critical", "2", "Major", "3", "Minor", "4", "Warning", "5",
				"Info"),
			choice("state", "Ready", "Ready", "Ready", "Processed", "Processed", "Ignored", "Ignored", "Error",
				"Error"),
			choice("resolution_state", "New", "New", "New", "Closing", "Closing"), col("time_of_event", DateTime),
		}, Access: Access{
			Read:  []string{"evt_mgmt_admin", "evt_mgmt_operator", "evt_mgmt_integration"},
			Write: eventSenders,
		}},
		{Name: "em_connector_definition", Label: "Connector Definition", Extends: metadataTable, Columns: []Column{
			str("name", 100).required(), choice("script_type", "", "javascript", "JavaScript", "groovy", "Groovy"),
			ref("javascript_to_run", "sys_script_include"), str("description", 1000),
		}, Access: both(eventAdmins...)},
		{Name: "em_connector_instance", Label: "Connector Instance", Columns: []Column{
			str("name", 100).required(), str("host", 255).label("Host IP"), ref("credential", "discovery_credentials"),
			ref("connector_definition", "em_connector_definition").required(), boolean("active", "false"),
			col("last_run_time", DateTime).computed(), str("last_error_message", 1000).computed(),
			str("last_status", 40).computed(), str("last_event_signature", 255).computed(),
			str("last_bi_directional_status", 40).computed(), boolean("running", "false").computed(),
		}, Access: both(eventAdmins...)},
		{Name: "em_connector_instance_value", Label: "Connector Instance Value", Columns: []Column{
			ref("connector_instance", "em_connector_instance").required(), str("name", 100), str("value", 1000),
		}, Access: both(eventAdmins...)},
		{Name: "em_connector_instance_to_mid", Label: "Connector Instance to MID", Display: "sys_id", Columns: []Column{
			ref("connector_instance", "em_connector_instance"), str("mid_server", 32),
		}, Access: both(eventAdmins...)},
	},
	roles: []string{"evt_mgmt_admin", "evt_mgmt_operator", "evt_mgmt_integration"},
	apis:  []scriptedAPI{{"Event Management", "global", "em", []string{"POST /jsonv2", "POST /inbound_event"}}},
	rows: []seedRow{
		{"em_connector_definition", Record{
			"sys_id": seedID("connector definition", "Zabbix"), "name": "Zabbix",
			"script_type": "javascript",
		}},
		{"em_connector_definition", Record{
			"sys_id": seedID("connector definition", "SolarWinds"), "name": "SolarWinds",
			"script_type": "javascript",
		}},
	},
}

var eventConnectors = &app{
	id: EventConnectors, name: "Event Management Connectors",
	versions: []string{"2.1.0", "2.2.3"},
	requires: []string{EventManagementPlugin},
	tables: []Table{
		{Name: "sn_em_connector_listener", Label: "Push Connector", Extends: metadataTable, Columns: []Column{
			str("name", 100).required(), str("source", 100).required(), str("event_source_label", 100),
			str("header_name", 100), col("header_value", Password2).length(255),
			choice("type", "1", "1", "Instance", "2", "MID"), integer("order", "100"), boolean("active", "true"),
			str("description", 1000), str("script", 65000), ref("mid_server_script_include", "sys_script_include"),
		}, Access: both(eventAdmins...)},
		{
			Name: "sn_em_connector_push_instance", Label: "Push Connector Instance", Extends: metadataTable,
			Columns: []Column{
				str("name", 100).required(), ref("push_connector_definition", "sn_em_connector_listener").required(),
				boolean("active", "true"), str("url", 1024).computed(), str("description", 1000),
				str("latest_external_payloads", 65000).computed(),
			}, Access: both(eventAdmins...),
		},
		{
			Name: "sn_em_connector_push_config", Label: "Push Connector Parameter", Extends: metadataTable,
			Columns: []Column{
				str("name", 100), str("value", 1000), ref("push_connector_definition", "sn_em_connector_listener"),
			}, Access: both(eventAdmins...),
		},
	},
	apis: []scriptedAPI{
		{"Event Connectors", EventConnectors, "em", []string{"POST /inbound_event"}},
		{"Event Connectors on MID", "mid", "em", []string{"POST /inbound_event"}},
	},
	rows: []seedRow{{
		"sn_em_connector_listener",
		Record{
			"sys_id": seedID("listener", "aws"), "name": "AWS", "source": "aws",
			"event_source_label": "AWS", "sys_scope": seedID("scope", EventConnectors),
		},
	}},
}

// pushInstanceBefore fills the URL, which the form shows once the record is saved.
func pushInstanceBefore(s *Server, op operation, r *row, _ map[string]string) error {
	if op == opDelete {
		return nil
	}
	listener := s.findIn("sn_em_connector_listener", r.values["push_connector_definition"])
	if listener == nil {
		r.values["url"] = ""
		return nil
	}
	r.values["url"] = s.url + "/api/sn_em_connector/em/inbound_event?source=" + listener.values["source"] +
		"&sys_id=" + r.id()
	return nil
}

// inboundEvent takes one event in the sender's own words for a push connector. The answer's body was never seen.
func inboundEvent(s *Server, c *call, _ map[string]string) answer {
	if !c.caller.may(eventSenders) {
		return denied("Insert")
	}
	listener := s.listenerFor(c)
	if listener == nil {
		return refused(http.StatusBadRequest, "No active push connector for source "+c.query.Get("source"), "")
	}
	if id := c.query.Get("sys_id"); id != "" {
		instance := s.findIn("sn_em_connector_push_instance", id)
		if instance == nil || !instance.has("active", "true", "push_connector_definition", listener.id()) {
			return refused(http.StatusBadRequest, "No active push connector instance "+id, "")
		}
		instance.values["latest_external_payloads"] = string(c.body)
	}
	var payload any
	if err := json.Unmarshal(c.body, &payload); err != nil {
		return refused(http.StatusBadRequest, "Exception while reading request", "The payload is not valid JSON.")
	}
	source := listener.values["event_source_label"]
	if source == "" {
		source = listener.values["source"]
	}
	events := []map[string]any{}
	switch p := payload.(type) {
	case map[string]any:
		events = append(events, p)
	case []any:
		for _, item := range p {
			if event, ok := item.(map[string]any); ok {
				events = append(events, event)
			}
		}
	}
	for _, event := range events {
		event["source"] = source
		if err := s.insertEvent(c, event); err != nil {
			return s.writeRefused(err)
		}
	}
	return result(http.StatusOK, fmt.Sprintf("%d events were inserted", len(events)))
}

func (s *Server) listenerFor(c *call) *row {
	for r := range s.rows("sn_em_connector_listener") {
		if r.values["active"] != "true" {
			continue
		}
		if source := c.query.Get("source"); source != "" {
			if r.values["source"] == source {
				return r
			}
			continue
		}
		// Without a source, a connector is recognised by its own header.
		name, value := r.values["header_name"], r.secrets["header_value"]
		if name != "" && value != "" && c.header.Get(name) == value {
			return r
		}
	}
	return nil
}

// insertEvent keeps what is not a column of em_event in additional_info.
func (s *Server) insertEvent(c *call, event map[string]any) error {
	t := s.tables["em_event"]
	values, extra := map[string]any{}, map[string]any{}
	for name, value := range event {
		if t.column(name) != nil {
			values[name] = value
		} else {
			extra[name] = value
		}
	}
	if values["additional_info"] == nil && len(extra) > 0 {
		text, err := json.Marshal(extra)
		if err != nil {
			return fmt.Errorf("event: %w", err)
		}
		values["additional_info"] = string(text)
	}
	if values["time_of_event"] == nil {
		values["time_of_event"] = s.stamp()
	}
	_, err := s.insert(t, write{values: values, by: c.caller.userName})
	return err
}

// bulkEvents is /api/global/em/jsonv2, which Kibana's ITOM connector posts to.
func bulkEvents(s *Server, c *call, _ map[string]string) answer {
	if !c.caller.may(eventSenders) {
		return denied("Insert")
	}
	var in struct {
		Records []map[string]any `json:"records"`
	}
	if err := json.Unmarshal(c.body, &in); err != nil {
		return refused(http.StatusBadRequest, "Exception while reading request", "The payload is not valid JSON.")
	}
	for _, event := range in.Records {
		if err := s.insertEvent(c, event); err != nil {
			return s.writeRefused(err)
		}
	}
	return result(http.StatusOK, map[string]string{
		"Default Bulk Endpoint": fmt.Sprintf("%d events were inserted", len(in.Records)),
	})
}
