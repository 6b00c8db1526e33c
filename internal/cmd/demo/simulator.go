package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// simulator is the running stand-in for both servers. Its tagged fields are the line that it prints once it listens.
type simulator struct {
	ServiceNowURL      string `json:"instance_url"`
	ServiceNowUsername string `json:"servicenow_username"`
	ServiceNowPassword string `json:"servicenow_password"`
	KibanaURL          string `json:"kibana_url"`
	KibanaUsername     string `json:"kibana_username"`
	KibanaPassword     string `json:"kibana_password"`

	command *exec.Cmd
	stop    context.CancelFunc
	http    *http.Client
}

// startSimulator runs the simulator's binary on ports of its own choice and waits until it says where it listens.
func startSimulator(ctx context.Context, binary string) (*simulator, error) {
	ctx, stop := context.WithCancel(ctx)
	s := &simulator{stop: stop, http: &http.Client{Timeout: time.Minute}}
	s.command = exec.CommandContext(ctx, binary, "-servicenow", "127.0.0.1:0", "-kibana", "127.0.0.1:0")
	s.command.Cancel = func() error { return s.command.Process.Signal(os.Interrupt) }
	s.command.WaitDelay = 5 * time.Second
	s.command.Stderr = os.Stderr
	out, err := s.command.StdoutPipe()
	if err == nil {
		err = s.command.Start()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("starting the simulator: %w", err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, s)
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("reading the simulator's addresses: %w", err)
	}
	return s, nil
}

// close ends the simulator and waits for it.
func (s *simulator) close() {
	s.stop()
	_ = s.command.Wait() // it ends by the signal, and nothing is left to do about any other way
}

// countedTables are the tables that the example writes. oauth_jwt rows show in oauth_entity too.
var countedTables = []string{
	"jwt_verifier_map", "oauth_entity", "sys_certificate", "sys_cors_rule", "sys_scope_privilege", "sys_user",
	"sys_user_has_role",
}

// count returns how many records stand in each counted table, and how many connectors.
func (s *simulator) count(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	for _, table := range countedTables {
		rows, err := s.records(ctx, table)
		if err != nil {
			return nil, err
		}
		counts[table] = len(rows)
	}
	connectors, err := s.connectors(ctx)
	counts["connectors"] = len(connectors)
	return counts, err
}

// records returns every record of a table.
func (s *simulator) records(ctx context.Context, table string) ([]map[string]any, error) {
	var rows []map[string]any
	return rows, s.call(ctx, http.MethodGet, s.ServiceNowURL+"/simulator/records/"+table, nil, &rows)
}

// change sets a column of a record as another administrator would, behind Terraform's back.
func (s *simulator) change(ctx context.Context, table, id, column, value string) error {
	return s.call(ctx, http.MethodPatch, s.ServiceNowURL+"/simulator/records/"+table+"/"+id,
		map[string]string{column: value}, nil)
}

// remove deletes a record behind Terraform's back.
func (s *simulator) remove(ctx context.Context, table, id string) error {
	return s.call(ctx, http.MethodDelete, s.ServiceNowURL+"/simulator/records/"+table+"/"+id, nil, nil)
}

// connector is a Kibana connector as the simulator's test API shows it.
type connector struct {
	ID string `json:"id"`
}

func (s *simulator) connectors(ctx context.Context) ([]connector, error) {
	var all []connector
	return all, s.call(ctx, http.MethodGet, s.KibanaURL+"/simulator/kibana/connectors", nil, &all)
}

// changeConnector sets keys of a connector's config behind Terraform's back.
func (s *simulator) changeConnector(ctx context.Context, id string, config map[string]any) error {
	return s.call(ctx, http.MethodPatch, s.KibanaURL+"/simulator/kibana/connectors/"+id,
		map[string]any{"config": config}, nil)
}

// incident is what a push through a connector answers.
type incident struct {
	Number string `json:"title"`
	URL    string `json:"url"`
}

// push opens an incident through a Kibana connector, as a rule or a case does.
func (s *simulator) push(ctx context.Context, connectorID, shortDescription string) (incident, error) {
	var answer struct {
		Status         string   `json:"status"`
		Message        string   `json:"message"`
		ServiceMessage string   `json:"service_message"`
		Data           incident `json:"data"`
	}
	err := s.call(ctx, http.MethodPost, s.KibanaURL+"/api/actions/connector/"+connectorID+"/_execute", map[string]any{
		"params": map[string]any{
			"subAction": "pushToService",
			"subActionParams": map[string]any{
				"incident": map[string]any{
					"short_description": shortDescription, "severity": "2", "urgency": "2", "impact": "2",
				},
				"comments": []map[string]string{{"commentId": "1", "comment": "Opened by the provider's demo."}},
			},
		},
	}, &answer)
	if err == nil && answer.Status != "ok" {
		err = errors.New(strings.Join([]string{answer.Message, answer.ServiceMessage}, ": "))
	}
	return answer.Data, err
}

// call sends JSON and decodes JSON; a nil body sends none, a nil out discards the answer.
func (s *simulator) call(ctx context.Context, method, url string, body, out any) error {
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encoding a request: %w", err)
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		return fmt.Errorf("making a request: %w", err)
	}
	request.SetBasicAuth(s.KibanaUsername, s.KibanaPassword)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("kbn-xsrf", "true")
	response, err := s.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading an answer: %w", err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %s: %s", method, url, response.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}
