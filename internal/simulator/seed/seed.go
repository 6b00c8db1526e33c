// Package seed fills a simulated ServiceNow and Kibana from a file, in YAML or JSON: roles, users, properties, records
// and connectors that are there before the first request.
package seed

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// Schema is the JSON schema (2020-12) of a file.
//
//go:embed schema.json
var Schema []byte

// Seed is a seed file. Its parts are applied in the order of the fields.
type Seed struct {
	ServiceNow ServiceNow `yaml:"servicenow"`
	Kibana     Kibana     `yaml:"kibana"`
}

// ServiceNow is what a seed adds to an instance.
type ServiceNow struct {
	Apps       []string          `yaml:"apps"` // scopes and plugin ids to install, besides those of -apps
	Properties map[string]string `yaml:"properties"`
	Roles      []Role            `yaml:"roles"`
	Users      []User            `yaml:"users"`
	// Records are rows by table, in the order of the file. A reference may be a sys_id or the display value of the row.
	Records Records    `yaml:"records"`
	Faults  []FaultMap `yaml:"faults"`
}

// Role is a role that no application brings.
type Role struct {
	Name     string   `yaml:"name"`
	Contains []string `yaml:"contains"` // names of roles that it brings along
}

// User is a user who can log in.
type User struct {
	UserName string            `yaml:"user_name"`
	Password string            `yaml:"password"` // empty: basic authentication refuses the user
	Roles    []string          `yaml:"roles"`    // by name; they must exist
	Columns  map[string]string `yaml:"columns"`  // further columns of sys_user
}

// Kibana is what a seed adds to a Kibana.
type Kibana struct {
	Users      []KibanaUser `yaml:"users"`
	Connectors []Connector  `yaml:"connectors"`
	// CaseSettings and Cases are checked as the API checks them.
	CaseSettings []CaseSettings `yaml:"case_settings"`
	Cases        []Case         `yaml:"cases"`
	Faults       []FaultMap     `yaml:"faults"`
}

// KibanaUser is a user besides the superuser. Privileges are all, read and none.
type KibanaUser struct {
	Username     string            `yaml:"username"`
	Password     string            `yaml:"password"`   // empty: the user has API keys only
	Privilege    string            `yaml:"privilege"`  // of connectors and cases, where they are not set apart
	Connectors   string            `yaml:"connectors"` // of the feature Actions and Connectors
	Cases        map[string]string `yaml:"cases"`      // by owner
	Spaces       []string          `yaml:"spaces"`     // nil: all
	ManageSpaces bool              `yaml:"manage_spaces"`
	APIKeys      []string          `yaml:"api_keys"` // encoded: base64 of id:key
}

// CaseSettings is the configuration of the cases of one owner in a space.
type CaseSettings struct {
	Owner           string           `yaml:"owner"`
	Space           string           `yaml:"space"`        // empty: default
	ClosureType     string           `yaml:"closure_type"` // empty: close-by-user
	Connector       string           `yaml:"connector"`    // a connector's name in the space; empty: none
	Fields          map[string]any   `yaml:"fields"`       // of the connector
	CustomFields    []map[string]any `yaml:"custom_fields"`
	Templates       []map[string]any `yaml:"templates"`
	ObservableTypes []map[string]any `yaml:"observable_types"`
}

// Case is a case with its comments.
type Case struct {
	Owner        string           `yaml:"owner"`
	Space        string           `yaml:"space"` // empty: default
	Title        string           `yaml:"title"`
	Description  string           `yaml:"description"`
	Tags         []string         `yaml:"tags"`
	Severity     string           `yaml:"severity"`  // empty: low
	Connector    string           `yaml:"connector"` // a connector's name in the space; empty: none
	Fields       map[string]any   `yaml:"fields"`    // of the connector
	CustomFields []map[string]any `yaml:"custom_fields"`
	Comments     []string         `yaml:"comments"`
}

// Connector is a stored connector. It is not checked as the API would check it.
type Connector struct {
	ID      string         `yaml:"id"`    // empty: generated
	Space   string         `yaml:"space"` // empty: default
	Name    string         `yaml:"name"`
	TypeID  string         `yaml:"connector_type_id"`
	Config  map[string]any `yaml:"config"`
	Secrets map[string]any `yaml:"secrets"`
}

// FaultMap is a fault rule with the keys of the admin API.
type FaultMap map[string]any

// Records keeps the tables in the order of the file: a row may refer to those before it.
type Records []Table

// Table is rows of one table.
type Table struct {
	Name string
	Rows []map[string]string
}

// UnmarshalYAML reads a mapping of table to rows.
func (r *Records) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return errors.New("records: want a mapping of table to rows")
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		table := Table{Name: node.Content[i].Value}
		if err := node.Content[i+1].Decode(&table.Rows); err != nil {
			return fmt.Errorf("records of %s: %w", table.Name, err)
		}
		*r = append(*r, table)
	}
	return nil
}

// Read reads one YAML or JSON document. Unknown keys are errors.
func Read(r io.Reader) (*Seed, error) {
	decoder := yaml.NewDecoder(r)
	decoder.KnownFields(true)
	s := &Seed{}
	if err := decoder.Decode(s); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("seed: %w", err)
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("seed: the file holds more than one document")
	}
	return s, nil
}

// Apply adds everything to the two servers; what is there already is an error, and what came before it stays.
func (s *Seed) Apply(instance *servicenow.Server, kibanaServer *kibana.Server, kibanaFaults *fault.Injector) error {
	if err := s.ServiceNow.apply(instance); err != nil {
		return fmt.Errorf("seed of ServiceNow: %w", err)
	}
	if err := s.Kibana.apply(kibanaServer); err != nil {
		return fmt.Errorf("seed of Kibana: %w", err)
	}
	if err := addFaults(kibanaFaults, s.Kibana.Faults); err != nil {
		return fmt.Errorf("seed of Kibana: %w", err)
	}
	return nil
}

func (s *ServiceNow) apply(instance *servicenow.Server) error {
	for _, id := range s.Apps {
		if err := instance.Install(id, ""); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		instance.SetProperty(name, s.Properties[name])
	}
	for _, role := range s.Roles {
		if _, err := instance.Insert("sys_user_role", servicenow.Record{"name": role.Name}); err != nil {
			return fmt.Errorf("role %s: %w", role.Name, err)
		}
	}
	for _, role := range s.Roles {
		for _, inner := range role.Contains {
			err := link(instance, "sys_user_role_contains", "role", role.Name, "contains", inner)
			if err != nil {
				return fmt.Errorf("role %s: %w", role.Name, err)
			}
		}
	}
	for _, user := range s.Users {
		if err := user.add(instance); err != nil {
			return fmt.Errorf("user %s: %w", user.UserName, err)
		}
	}
	for _, table := range s.Records {
		for i, row := range table.Rows {
			if _, err := instance.InsertDisplayed(table.Name, row); err != nil {
				return fmt.Errorf("row %d of %s: %w", i+1, table.Name, err)
			}
		}
	}
	return addFaults(instance.Faults, s.Faults)
}

func (u User) add(instance *servicenow.Server) error {
	if u.UserName == "" {
		return errors.New("user_name is missing")
	}
	values := servicenow.Record{}
	maps.Copy(values, u.Columns)
	values["user_name"] = u.UserName
	if u.Password != "" {
		values["user_password"] = u.Password
	}
	id, err := instance.Insert("sys_user", values)
	if err != nil {
		return err
	}
	for _, name := range u.Roles {
		role, err := roleID(instance, name)
		if err != nil {
			return err
		}
		if _, err := instance.Insert("sys_user_has_role", servicenow.Record{"user": id, "role": role}); err != nil {
			return fmt.Errorf("role %s: %w", name, err)
		}
	}
	return nil
}

func link(instance *servicenow.Server, table, outerColumn, outer, innerColumn, inner string) error {
	values := servicenow.Record{}
	for column, name := range map[string]string{outerColumn: outer, innerColumn: inner} {
		id, err := roleID(instance, name)
		if err != nil {
			return err
		}
		values[column] = id
	}
	_, err := instance.Insert(table, values)
	return err
}

func roleID(instance *servicenow.Server, name string) (string, error) {
	found := instance.Records("sys_user_role", "name="+name)
	if len(found) == 0 {
		return "", fmt.Errorf("no role %s; list it under roles, or install what brings it", name)
	}
	return found[0]["sys_id"], nil
}

func addFaults(injector *fault.Injector, rules []FaultMap) error {
	for _, given := range rules {
		// The keys of a rule are those of its JSON form.
		text, err := json.Marshal(given)
		if err != nil {
			return fmt.Errorf("fault: %w", err)
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		var rule fault.Rule
		if err := decoder.Decode(&rule); err != nil {
			return fmt.Errorf("fault: %w", err)
		}
		if _, err := injector.Add(rule); err != nil {
			return err
		}
	}
	return nil
}
