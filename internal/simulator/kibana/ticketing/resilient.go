package ticketing

import (
	"encoding/json"
	"net/http"
	"time"
)

// ResilientOptions configure a Resilient; empty ones take the value given here.
type ResilientOptions struct {
	OrganizationID         string           // "201"
	APIKeyID, APIKeySecret string           // "key", "secret"
	Clock                  func() time.Time // time.Now
}

// Resilient is a stand-in of one IBM Resilient organisation.
type Resilient struct {
	store
	options ResilientOptions
	mux     *http.ServeMux
}

// NewResilient makes an organisation without incidents.
func NewResilient(options ResilientOptions) *Resilient {
	if options.OrganizationID == "" {
		options.OrganizationID = "201"
	}
	if options.APIKeyID == "" {
		options.APIKeyID = "key"
	}
	if options.APIKeySecret == "" {
		options.APIKeySecret = "secret"
	}
	r := &Resilient{store: newStore(options.Clock), options: options, mux: http.NewServeMux()}
	const org = "/rest/orgs/{org}/"
	r.mux.HandleFunc("GET "+org+"types/incident/fields", r.fields)
	r.mux.HandleFunc("GET "+org+"types/incident/fields/{field}", r.values)
	r.mux.HandleFunc("POST "+org+"incidents", r.create)
	r.mux.HandleFunc("GET "+org+"incidents/{id}", r.get)
	r.mux.HandleFunc("PATCH "+org+"incidents/{id}", r.update)
	r.mux.HandleFunc("POST "+org+"incidents/{id}/comments", r.comment)
	return r
}

// ServeHTTP answers one request, or 401 without the configured API key.
func (r *Resilient) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if !hasBasic(request, r.options.APIKeyID, r.options.APIKeySecret) {
		resilientFault(w, http.StatusUnauthorized, "Unauthorized")
		return
	}
	r.mux.ServeHTTP(w, request)
}

func resilientFault(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]any{"success": false, "message": message, "title": nil})
}

func (r *Resilient) known(w http.ResponseWriter, request *http.Request) bool {
	if request.PathValue("org") == r.options.OrganizationID {
		return true
	}
	resilientFault(w, http.StatusForbidden, "The organization is not accessible.")
	return false
}

var resilientValues = map[string][]map[string]any{
	"incident_type_ids": {
		{"value": 17, "label": "Communication error (fax; email)", "enabled": true},
		{"value": 1001, "label": "Malware", "enabled": true},
	},
	"severity_code": {
		{"value": 4, "label": "Low", "enabled": true},
		{"value": 5, "label": "Medium", "enabled": true},
		{"value": 6, "label": "High", "enabled": true},
	},
}

func (r *Resilient) values(w http.ResponseWriter, request *http.Request) {
	if !r.known(w, request) {
		return
	}
	values, exists := resilientValues[request.PathValue("field")]
	if !exists {
		resilientFault(w, http.StatusNotFound, "Unable to find object with name "+request.PathValue("field"))
		return
	}
	answer(w, http.StatusOK, map[string]any{"name": request.PathValue("field"), "values": values})
}

func (r *Resilient) fields(w http.ResponseWriter, request *http.Request) {
	if !r.known(w, request) {
		return
	}
	field := func(name, text, kind string, required any) map[string]any {
		return map[string]any{
			"name": name, "text": text, "input_type": kind, "required": required, "read_only": false,
			"prefix": nil, "values": []any{},
		}
	}
	answer(w, http.StatusOK, []map[string]any{
		field("name", "Name", "text", "always"),
		field("description", "Description", "textarea", nil),
		field(
			"incident_type_ids",
			"Incident Type",
			"multiselect",
			nil,
		),
		field("severity_code", "Severity", "select", nil),
	})
}

// incidentID turns the ordinal of an incident into its number.
func incidentID(n int) int { return 2000 + n }

func incident(t Ticket) map[string]any {
	body := t.Fields
	body["id"] = json.Number(t.ID)
	body["create_date"], body["inc_last_modified_date"] = t.Created.UnixMilli(), t.Updated.UnixMilli()
	return body
}

func (r *Resilient) create(w http.ResponseWriter, request *http.Request) {
	if !r.known(w, request) {
		return
	}
	body, err := readObject(request)
	if name, _ := body["name"].(string); err != nil || name == "" || body["discovered_date"] == nil {
		resilientFault(w, http.StatusBadRequest, "One or more fields are missing: name, discovered_date")
		return
	}
	// A reading of codes answers numbers, where a write sends {"id": number}.
	if code := member(body, "severity_code", "id"); code != nil {
		body["severity_code"] = code
	}
	if types, isList := body["incident_type_ids"].([]any); isList {
		ids := []any{}
		for _, item := range types {
			t, _ := item.(map[string]any)
			ids = append(ids, t["id"])
		}
		body["incident_type_ids"] = ids
	}
	created := r.add(body, func(n int) (string, string) { return decimal(incidentID(n)), decimal(incidentID(n)) })
	answer(w, http.StatusOK, incident(created))
}

func (r *Resilient) get(w http.ResponseWriter, request *http.Request) {
	if !r.known(w, request) {
		return
	}
	found, exists := r.find(request.PathValue("id"))
	if !exists {
		resilientFault(w, http.StatusNotFound, "Unable to find incident with ID "+request.PathValue("id"))
		return
	}
	answer(w, http.StatusOK, incident(found))
}

// update applies a list of changes, each of which tells the value that it expects to replace.
func (r *Resilient) update(w http.ResponseWriter, request *http.Request) {
	if !r.known(w, request) {
		return
	}
	body, err := readObject(request)
	changes, isList := body["changes"].([]any)
	if err != nil || !isList {
		resilientFault(w, http.StatusBadRequest, "changes is missing")
		return
	}
	_, exists := r.change(request.PathValue("id"), func(t *Ticket) {
		for _, item := range changes {
			entry, _ := item.(map[string]any)
			name, _ := member(entry, "field", "name").(string)
			value, _ := entry["new_value"].(map[string]any)
			for _, kind := range []string{"text", "textarea", "id", "ids"} {
				if given, found := value[kind]; found {
					t.Fields[name] = given
				}
			}
		}
	})
	if !exists {
		resilientFault(w, http.StatusNotFound, "Unable to find incident with ID "+request.PathValue("id"))
		return
	}
	answer(w, http.StatusOK, map[string]any{"success": true, "message": nil})
}

func (r *Resilient) comment(w http.ResponseWriter, request *http.Request) {
	if !r.known(w, request) {
		return
	}
	body, err := readObject(request)
	text, _ := member(body, "text", "content").(string)
	if err != nil || text == "" {
		resilientFault(w, http.StatusBadRequest, "text is missing")
		return
	}
	changed, exists := r.change(request.PathValue("id"), func(t *Ticket) { t.Comments = append(t.Comments, text) })
	if !exists {
		resilientFault(w, http.StatusNotFound, "Unable to find incident with ID "+request.PathValue("id"))
		return
	}
	answer(w, http.StatusOK, map[string]any{"id": len(changed.Comments), "text": text})
}
