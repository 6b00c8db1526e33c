package simulator_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

type pair struct {
	*simulator.Simulator
	t      *testing.T
	client *http.Client
}

func start(t *testing.T, opts simulator.Options) *pair {
	t.Helper()
	sim, err := simulator.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	transport := &http.Transport{}
	if opts.TLS {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM([]byte(sim.CACertificate()))
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &pair{Simulator: sim, t: t, client: &http.Client{Transport: transport}}
}

func (p *pair) ask(method, url, user, password string, body any) (int, map[string]any) {
	p.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(p.t.Context(), method, url, bytes.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	request.SetBasicAuth(user, password)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Kbn-Xsrf", "true")
	response, err := p.client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var out map[string]any
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		p.t.Fatalf("%s %s: %v", method, url, err)
	}
	return response.StatusCode, out
}

func (p *pair) insert(table string, values servicenow.Record) string {
	p.t.Helper()
	id, err := p.ServiceNow.Insert(table, values)
	if err != nil {
		p.t.Fatal(err)
	}
	return id
}

// prepare makes the integration user and grants what Elastic's documentation lists.
func (p *pair) prepare() {
	p.t.Helper()
	user := p.insert(
		"sys_user",
		servicenow.Record{"user_name": "kibana", "user_password": "pw", "email": "kibana@example.com"},
	)
	for _, role := range []string{
		"import_set_loader", "import_transformer", "personalize_choices", "x_elas2_inc_int.integration_user",
	} {
		p.insert("sys_user_has_role", servicenow.Record{
			"user": user,
			"role": p.ServiceNow.Records("sys_user_role", "name="+role)[0]["sys_id"],
		})
	}
	scope := p.ServiceNow.Records("sys_scope", "scope=x_elas2_inc_int")[0]["sys_id"]
	for _, target := range []string{
		"GlideRecord.insert", "GlideRecord.setValue", "GlideRecordSecure.getValue", "incident",
		"ScriptableServiceResultBuilder.setBody", "ScopedGlideElement",
	} {
		row := servicenow.Record{
			"source_scope": scope, "target_scope": "global", "target_name": target,
			"target_type": "scriptable", "operation": "execute", "status": "allowed",
		}
		if target == "incident" {
			row["target_type"], row["operation"] = "sys_db_object", "read"
		}
		p.insert("sys_scope_privilege", row)
	}
}

func (p *pair) connector(config, secrets map[string]any) string {
	p.t.Helper()
	config["apiUrl"], config["usesTableApi"] = p.ServiceNowURL(), false
	status, body := p.ask(
		http.MethodPost,
		p.KibanaURL()+"/api/actions/connector",
		"elastic",
		"changeme",
		map[string]any{
			"name": "ITSM", "connector_type_id": ".servicenow", "config": config, "secrets": secrets,
		},
	)
	if status != http.StatusOK {
		p.t.Fatalf("connector: %d %v", status, body)
	}
	id, _ := body["id"].(string)
	return id
}

// execute runs one sub-action and returns Kibana's answer.
func (p *pair) execute(connector, subAction string, params any) map[string]any {
	p.t.Helper()
	_, body := p.ask(http.MethodPost, p.KibanaURL()+"/api/actions/connector/"+connector+"/_execute", "elastic",
		"changeme", map[string]any{"params": map[string]any{"subAction": subAction, "subActionParams": params}})
	return body
}

func (p *pair) push(connector string) map[string]any {
	p.t.Helper()
	_, body := p.ask(
		http.MethodPost,
		p.KibanaURL()+"/api/actions/connector/"+connector+"/_execute",
		"elastic",
		"changeme",
		map[string]any{"params": map[string]any{"subAction": "pushToService", "subActionParams": map[string]any{
			"incident": map[string]any{"short_description": "disk full", "description": "d", "externalId": nil},
			"comments": []map[string]string{{"commentId": "1", "comment": "look here"}},
		}}},
	)
	return body
}

func TestKibanaPushesAnIncident(t *testing.T) {
	t.Parallel()
	for _, useTLS := range []bool{false, true} {
		p := start(t, simulator.Options{TLS: useTLS})
		p.prepare()
		connector := p.connector(map[string]any{}, map[string]any{"username": "kibana", "password": "pw"})
		body := p.push(connector)
		if body["status"] != "ok" {
			t.Fatalf("tls=%v: %v", useTLS, body)
		}
		data, _ := body["data"].(map[string]any)
		id, _ := data["id"].(string)
		incident, ok := p.ServiceNow.Record("incident", id)
		if !ok || incident["short_description"] != "disk full" || incident["sys_created_by"] != "kibana" ||
			data["title"] != incident["number"] {
			t.Errorf("tls=%v: %v, incident %v", useTLS, data, incident)
		}
		if notes := p.ServiceNow.Records("sys_journal_field", "element_id="+incident["sys_id"]); len(notes) != 1 {
			t.Errorf("tls=%v: comments %v", useTLS, notes)
		}
	}
}

func TestKibanaPushesWithAToken(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	p.prepare()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kibana"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := p.insert("sys_certificate", servicenow.Record{
		"name":            "kibana",
		"pem_certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
	})
	endpoint := p.insert("oauth_jwt", servicenow.Record{"name": "kibana", "user_field": "email", "client_secret": "cs"})
	record, _ := p.ServiceNow.Record("oauth_jwt", endpoint)
	p.insert(
		"jwt_verifier_map",
		servicenow.Record{"name": "m", "oauth_jwt": endpoint, "sys_certificate": certificate, "kid": "k1"},
	)
	connector := p.connector(map[string]any{
		"isOAuth": true, "clientId": record["client_id"], "jwtKeyId": "k1",
		"userIdentifierValue": "kibana@example.com",
	}, map[string]any{"clientSecret": "cs", "privateKey": string(pem.EncodeToMemory(
		&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))})
	// Kibana sends no jti, and the endpoint verifies it by default.
	if body := p.push(connector); body["status"] != "error" {
		t.Fatalf("with JTI verification on: %v", body)
	}
	log := p.ServiceNow.OAuthLog()
	if reason := log[len(log)-1].Reason; !strings.Contains(reason, "jti is missing") {
		t.Errorf("reason %q", reason)
	}
	if err := p.ServiceNow.Set(
		"oauth_jwt",
		endpoint,
		servicenow.Record{"enable_jti_verification": "false"},
	); err != nil {
		t.Fatal(err)
	}
	if body := p.push(connector); body["status"] != "ok" {
		log := p.ServiceNow.OAuthLog()
		t.Fatalf("with it off: %v (%+v)", body, log[len(log)-1])
	}
}

func TestFaultsOnEachSide(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	if _, err := p.KibanaFaults.Add(fault.Rule{Kind: fault.Status, Status: 503, Count: 1}); err != nil {
		t.Fatal(err)
	}
	status, body := p.ask(http.MethodGet, p.KibanaURL()+"/api/status", "elastic", "changeme", nil)
	if status != http.StatusServiceUnavailable || body["statusCode"] != 503.0 {
		t.Errorf("Kibana: %d %v", status, body)
	}
	status, body = p.ask(
		http.MethodPost,
		p.KibanaURL()+"/simulator/faults",
		"",
		"",
		fault.Rule{Kind: fault.Reset, PathPrefix: "/none"},
	)
	if status != http.StatusCreated || body["id"] != "fault-2" {
		t.Errorf("admin endpoint: %d %v", status, body)
	}
	if status, _ := p.ask(
		http.MethodGet,
		p.ServiceNowURL()+"/api/now/table/sys_user",
		"admin",
		"admin",
		nil,
	); status != http.StatusOK {
		t.Errorf("ServiceNow: %d", status)
	}
}

// A server that listens on all addresses says one that a client can dial.
func TestURLsCanBeDialled(t *testing.T) {
	t.Parallel()
	sim, err := simulator.Start(simulator.Options{ServiceNowAddress: ":0", KibanaAddress: "0.0.0.0:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sim.Close() }()
	for _, url := range []string{sim.ServiceNowURL(), sim.KibanaURL()} {
		if !strings.HasPrefix(url, "http://127.0.0.1:") {
			t.Errorf("the URL is %s", url)
		}
	}
}

func TestStartReportsABusyPort(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	address := strings.TrimPrefix(p.ServiceNowURL(), "http://")
	for _, opts := range []simulator.Options{{ServiceNowAddress: address}, {KibanaAddress: address}} {
		if sim, err := simulator.Start(opts); err == nil {
			_ = sim.Close()
			t.Errorf("%+v started", opts)
		}
	}
}

func TestKibanaReadsFieldsAndChoicesAndClosesIncidents(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	p.prepare()
	connector := p.connector(map[string]any{}, map[string]any{"username": "kibana", "password": "pw"})
	// The dictionary is empty to an account that may not personalize it.
	if list, _ := p.execute(connector, "getFields", map[string]any{})["data"].([]any); len(list) != 0 {
		t.Errorf("getFields without a role for the dictionary: %v", list)
	}
	p.insert("sys_user_has_role", servicenow.Record{
		"user": p.ServiceNow.Records("sys_user", "user_name=kibana")[0]["sys_id"],
		"role": p.ServiceNow.Records("sys_user_role", "name=personalize_dictionary")[0]["sys_id"],
	})
	for action, params := range map[string]any{
		"getFields":  map[string]any{},
		"getChoices": map[string]any{"fields": []string{"urgency", "severity", "category"}},
	} {
		body := p.execute(connector, action, params)
		list, _ := body["data"].([]any)
		if body["status"] != "ok" || len(list) < 5 {
			t.Errorf("%s: %v", action, body)
		}
	}
	pushed := p.execute(connector, "pushToService", map[string]any{"comments": []string{}, "incident": map[string]any{
		"short_description": "x", "externalId": nil, "correlation_id": "rule:1",
	}})
	if pushed["status"] != "ok" {
		t.Fatalf("push: %v", pushed)
	}
	closed := p.execute(connector, "closeIncident", map[string]any{"incident": map[string]any{
		"correlation_id": "rule:1", "externalId": nil,
	}})
	if found := p.ServiceNow.Records("incident",
		"correlation_id=rule:1"); closed["status"] != "ok" || len(found) != 1 ||
		found[0]["state"] != "7" || found[0]["active"] != "false" {
		t.Errorf("close: %v, incidents %v", closed, found)
	}
}

func TestKibanaSendsEventsAndSecurityIncidents(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{ServiceNow: servicenow.Options{
		Apps: []string{servicenow.ElasticSecOps, servicenow.EventManagementPlugin},
	}})
	user := p.insert("sys_user", servicenow.Record{"user_name": "kibana", "user_password": "pw"})
	for _, role := range []string{
		"import_set_loader", "import_transformer", "personalize_choices", "sn_si.basic",
		"x_elas2_sir_int.integration_user", "evt_mgmt_integration",
	} {
		p.insert("sys_user_has_role", servicenow.Record{
			"user": user,
			"role": p.ServiceNow.Records("sys_user_role", "name="+role)[0]["sys_id"],
		})
	}
	connect := func(kind string) string {
		status, body := p.ask(http.MethodPost, p.KibanaURL()+"/api/actions/connector", "elastic", "changeme",
			map[string]any{
				"name": kind, "connector_type_id": kind, "config": map[string]any{"apiUrl": p.ServiceNowURL()},
				"secrets": map[string]any{"username": "kibana", "password": "pw"},
			})
		if status != http.StatusOK {
			t.Fatalf("connector: %d %v", status, body)
		}
		id, _ := body["id"].(string)
		return id
	}
	sent := p.execute(connect(".servicenow-itom"), "addEvent", map[string]any{
		"source": "kibana", "node": "db1",
		"severity": "1", "message_key": "k", "time_of_event": nil,
	})
	if events := p.ServiceNow.Records("em_event", "node=db1"); sent["status"] != "ok" || len(events) != 1 {
		t.Errorf("event: %v, stored %v", sent, events)
	}

	secops := connect(".servicenow-sir")
	if status, body := p.ask(http.MethodPut, p.KibanaURL()+"/api/actions/connector/"+secops, "elastic", "changeme",
		map[string]any{
			"name": "SecOps", "config": map[string]any{"apiUrl": p.ServiceNowURL(), "usesTableApi": false},
			"secrets": map[string]any{"username": "kibana", "password": "pw"},
		}); status != http.StatusOK {
		t.Fatalf("update: %d %v", status, body)
	}
	incident := map[string]any{"comments": []string{}, "incident": map[string]any{
		"short_description": "breach",
		"externalId":        nil, "dest_ip": []string{"192.168.1.1"}, "source_ip": nil, "malware_hash": nil,
		"malware_url": nil,
	}}
	if refused := p.execute(secops, "pushToService", incident); refused["status"] != "error" {
		t.Errorf("without privileges: %v", refused)
	}
	for _, row := range p.ServiceNow.Records("sys_scope_privilege", "status=requested") {
		if err := p.ServiceNow.Set("sys_scope_privilege", row["sys_id"],
			servicenow.Record{"status": "allowed"}); err != nil {
			t.Fatal(err)
		}
	}
	pushed := p.execute(secops, "pushToService", incident)
	if found := p.ServiceNow.Records("sn_si_incident",
		"short_description=breach"); pushed["status"] != "ok" || len(found) != 1 {
		t.Errorf("push: %v, incidents %v", pushed, found)
	}
	if found := p.ServiceNow.Records("sn_ti_m2m_task_observable", "observable.value=192.168.1.1"); len(found) != 1 {
		t.Errorf("observables %v", found)
	}
}
