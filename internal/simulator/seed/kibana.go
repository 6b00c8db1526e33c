package seed

import (
	"fmt"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

func (k *Kibana) apply(server *kibana.Server) error {
	for _, u := range k.Users {
		if err := server.SetUser(u.user()); err != nil {
			return err
		}
	}
	for _, c := range k.Connectors {
		_, err := server.Insert(kibana.Connector{
			ID: c.ID, Space: c.Space, Name: c.Name, TypeID: c.TypeID, Config: c.Config,
		}, c.Secrets)
		if err != nil {
			return fmt.Errorf("connector %q: %w", c.Name, err)
		}
	}
	for _, settings := range k.CaseSettings {
		connector, err := caseConnector(server, settings.Space, settings.Connector, settings.Fields)
		if err == nil {
			body := map[string]any{
				"owner": settings.Owner, "connector": connector, "closure_type": "close-by-user",
			}
			if settings.ClosureType != "" {
				body["closure_type"] = settings.ClosureType
			}
			given(body, "customFields", settings.CustomFields)
			given(body, "templates", settings.Templates)
			given(body, "observableTypes", settings.ObservableTypes)
			_, err = server.AddCaseSettings(settings.Space, body)
		}
		if err != nil {
			return fmt.Errorf("case settings of %q: %w", settings.Owner, err)
		}
	}
	for _, c := range k.Cases {
		if err := c.add(server); err != nil {
			return fmt.Errorf("case %q: %w", c.Title, err)
		}
	}
	return nil
}

func (u KibanaUser) user() kibana.User {
	user := kibana.User{
		Username: u.Username, Password: u.Password, Privilege: kibana.Privilege(u.Privilege),
		Connectors: kibana.Privilege(u.Connectors), Spaces: u.Spaces, ManageSpaces: u.ManageSpaces, APIKeys: u.APIKeys,
	}
	for owner, privilege := range u.Cases {
		if user.Cases == nil {
			user.Cases = map[string]kibana.Privilege{}
		}
		user.Cases[owner] = kibana.Privilege(privilege)
	}
	return user
}

func (c Case) add(server *kibana.Server) error {
	connector, err := caseConnector(server, c.Space, c.Connector, c.Fields)
	if err != nil {
		return err
	}
	tags := c.Tags
	if tags == nil {
		tags = []string{}
	}
	body := map[string]any{
		"owner": c.Owner, "title": c.Title, "description": c.Description, "tags": tags, "connector": connector,
		"settings": map[string]any{"syncAlerts": false},
	}
	if c.Severity != "" {
		body["severity"] = c.Severity
	}
	given(body, "customFields", c.CustomFields)
	_, err = server.AddCase(c.Space, body, c.Comments...)
	return err
}

// given puts a list into a body unless the file leaves it out: releases that do not have it yet refuse its key.
func given(body map[string]any, key string, list []map[string]any) {
	if list != nil {
		body[key] = list
	}
}

// caseConnector is how cases name a connector: by id, name and type, or as none.
func caseConnector(server *kibana.Server, space, name string, fields map[string]any) (map[string]any, error) {
	if name == "" {
		return map[string]any{"id": "none", "name": "none", "type": ".none", "fields": nil}, nil
	}
	if space == "" {
		space = "default"
	}
	for _, c := range server.Connectors() {
		if c.Space == space && c.Name == name {
			connector := map[string]any{"id": c.ID, "name": name, "type": c.TypeID, "fields": nil}
			if fields != nil {
				connector["fields"] = fields
			}
			return connector, nil
		}
	}
	return nil, fmt.Errorf("no connector is called %q in the space %s", name, space)
}
