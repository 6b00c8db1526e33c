package evidence_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/evidence"
)

// instance is a file in which everything is as assumed, made from the assumptions themselves.
func instance(t *testing.T) *dictionary.File {
	t.Helper()
	types := map[string]string{
		"text": "string", "true or false": "boolean", "a whole number": "integer", "a time": "glide_date_time",
		"a list separated by commas": "glide_list", "a secret": "password2", "": "string",
	}
	assumed := evidence.Assumed(t.Context())
	file := &dictionary.File{Format: dictionary.Format, Release: "Zurich"}
	for _, p := range assumed.Plugins {
		file.Plugins = append(file.Plugins, dictionary.Plugin{ID: p, Active: true})
	}
	for _, a := range assumed.Applications {
		file.Applications = append(file.Applications, dictionary.Application{Scope: a, Installed: true})
	}
	for _, table := range assumed.Tables {
		yes := true
		made := dictionary.Table{Name: table.Name, WebServiceAccess: &yes}
		if table.InScope {
			made.Extends = "sys_metadata"
		}
		for _, c := range table.Columns {
			if c.Name == "sys_scope" && table.InScope {
				continue
			}
			column := dictionary.Column{Name: c.Name, Type: types[string(c.Shape)], Reference: c.Refers, Default: c.Usually}
			if c.Refers != "" && column.Type == "string" {
				column.Type = "reference"
			}
			for value := range c.Sends {
				column.Choices = append(column.Choices, dictionary.Choice{Value: value})
			}
			made.Columns = append(made.Columns, column)
		}
		if table.Name == "api_key" {
			made.Columns = append(made.Columns, dictionary.Column{
				Name: "auth_scope", Type: "glide_list", Reference: "sys_auth_scope",
			})
		}
		file.Tables = append(file.Tables, made)
	}
	file.Tables = append(file.Tables, dictionary.Table{Name: "sys_metadata", Columns: []dictionary.Column{
		{Name: "sys_scope", Type: "reference", Reference: "sys_scope"},
	}})
	return file
}

func table(t *testing.T, file *dictionary.File, name string) *dictionary.Table {
	t.Helper()
	i := slices.IndexFunc(file.Tables, func(in dictionary.Table) bool { return in.Name == name })
	if i < 0 {
		t.Fatalf("no table %s", name)
	}
	return &file.Tables[i]
}

func column(t *testing.T, file *dictionary.File, dotted string) *dictionary.Column {
	t.Helper()
	of, name, _ := strings.Cut(dotted, ".")
	in := table(t, file, of)
	i := slices.IndexFunc(in.Columns, func(c dictionary.Column) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no column %s", dotted)
	}
	return &in.Columns[i]
}

func TestEachKindOfDifference(t *testing.T) {
	t.Parallel()
	without := func(dotted string) func(*testing.T, *dictionary.File) {
		return func(t *testing.T, file *dictionary.File) {
			t.Helper()
			of, name, _ := strings.Cut(dotted, ".")
			in := table(t, file, of)
			in.Columns = slices.DeleteFunc(in.Columns, func(c dictionary.Column) bool { return c.Name == name })
		}
	}
	typed := func(dotted, kind string) func(*testing.T, *dictionary.File) {
		return func(t *testing.T, file *dictionary.File) {
			t.Helper()
			column(t, file, dotted).Type = kind
		}
	}
	gone := func(name string) func(*testing.T, *dictionary.File) {
		return func(_ *testing.T, file *dictionary.File) {
			file.Tables = slices.DeleteFunc(file.Tables, func(in dictionary.Table) bool { return in.Name == name })
			file.Missing = append(file.Missing, name)
		}
	}
	extra := func(of string, c dictionary.Column) func(*testing.T, *dictionary.File) {
		return func(t *testing.T, file *dictionary.File) {
			t.Helper()
			in := table(t, file, of)
			in.Columns = append(in.Columns, c)
		}
	}
	for name, test := range map[string]struct {
		edit  func(*testing.T, *dictionary.File)
		risk  evidence.Risk
		where string
		says  string
	}{
		"a table is missing": {gone("sys_certificate"), evidence.Breaks, "sys_certificate", "servicenow_certificate"},
		"a table of an application that is missing": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				gone("sn_em_connector_listener")(t, file)
				i := slices.IndexFunc(file.Applications,
					func(a dictionary.Application) bool { return a.Scope == "sn_em_connector" })
				file.Applications[i].Installed = false
			}, evidence.Harmless, "sn_em_connector_listener", "is not installed",
		},
		"a plugin is off": {
			func(_ *testing.T, file *dictionary.File) { file.Plugins[0].Active = false },
			evidence.Surprises, "", "com.glide.tokenbased_auth is not active",
		},
		"no web service access": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				no := false
				table(t, file, "jwt_verifier_map").WebServiceAccess = &no
			}, evidence.Breaks, "jwt_verifier_map", "WebServicePolicyValidator",
		},
		"another scope": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				table(t, file, "sys_cors_rule").Scope = "x_acme"
			},
			evidence.Surprises, "sys_cors_rule", "x_acme",
		},
		"no scope": {
			func(t *testing.T, file *dictionary.File) { t.Helper(); table(t, file, "sys_cors_rule").Extends = "" },
			evidence.Surprises, "sys_cors_rule", "scope_id stays null",
		},
		"a column that is always sent is missing": {
			without("oauth_jwt.inbound_grant_type"), evidence.Breaks, "oauth_jwt.inbound_grant_type", "is missing",
		},
		"a column of the key is missing":        {without("jwt_verifier_map.name"), evidence.Breaks, "jwt_verifier_map", ""},
		"a column of a row beside is missing":   {without("sn_sec_int_impl_config.configuration"), evidence.Breaks, "", ""},
		"a column that is looked up is missing": {without("sys_ws_definition.base_uri"), evidence.Breaks, "", ""},
		"an optional column is missing": {
			without("oauth_jwt.comments"), evidence.Surprises, "oauth_jwt.comments", "(comments)",
		},
		"a computed column is missing": {
			without("sys_certificate.issuer"), evidence.Surprises, "sys_certificate.issuer", "reads as null",
		},
		"a newer column is missing": {without("oauth_jwt.jwks_url"), evidence.Harmless, "oauth_jwt", "some releases"},
		"a text that is a secret":   {typed("oauth_jwt.user_field", "password2"), evidence.Breaks, "", "never read back"},
		"a flag that is a time":     {typed("oauth_jwt.active", "glide_date_time"), evidence.Breaks, "", "true or false"},
		"a flag that is a choice":   {typed("oauth_jwt.active", "choice"), evidence.Surprises, "", "true or false"},
		"a number that is a flag":   {typed("oauth_jwt.clock_skew", "boolean"), evidence.Breaks, "", "whole number"},
		"a time that is a date":     {typed("api_key.expires", "glide_date"), evidence.Breaks, "", "time of day"},
		"a list that is a flag":     {typed("http_key_auth.auth_parameter", "boolean"), evidence.Breaks, "", "a list"},
		"a list that is one":        {typed("http_key_auth.auth_parameter", "reference"), evidence.Surprises, "", "a list"},
		"a secret in clear":         {typed("oauth_jwt.client_secret", "string"), evidence.Surprises, "", "can be read"},
		"a reference to another table": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				column(t, file, "jwt_verifier_map.oauth_jwt").Reference = "oauth_entity"
			}, evidence.Breaks, "jwt_verifier_map.oauth_jwt", "oauth_jwt is expected",
		},
		"a reference that is none": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				*column(t, file, "jwt_verifier_map.oauth_jwt") = dictionary.Column{Name: "oauth_jwt", Type: "string"}
			}, evidence.Surprises, "", "a reference to oauth_jwt is expected",
		},
		"read-only": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				column(t, file, "sys_user.email").ReadOnly = true
			},
			evidence.Surprises, "sys_user.email", "read-only",
		},
		"a mandatory column that is not known": {
			extra("sys_cors_rule", dictionary.Column{Name: "u_owner", Type: "string", Mandatory: true}),
			evidence.Breaks, "sys_cors_rule.u_owner", "additional_columns",
		},
		"a mandatory column that is optional here": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				column(t, file, "sys_user.title").Mandatory = true
			},
			evidence.Surprises, "sys_user.title", "set title",
		},
		"an inherited mandatory column": {
			extra("sys_metadata", dictionary.Column{Name: "u_team", Type: "string", Mandatory: true}),
			evidence.Breaks, "api_key.u_team", "",
		},
		"a choice that is always sent is not listed": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				column(t, file, "oauth_entity.client_type").Choices = []dictionary.Choice{{Value: "other"}}
			}, evidence.Breaks, "oauth_entity.client_type", "lists other",
		},
		"a default that is not listed": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				column(t, file, "sys_certificate.type").Choices = []dictionary.Choice{{Value: "java"}, {Value: "ca"}}
			}, evidence.Surprises, "sys_certificate.type", "lists ca, java (type)",
		},
		"a value that is too long": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				column(t, file, "oauth_jwt.inbound_grant_type").MaxLength = 2
			},
			evidence.Breaks, "oauth_jwt.inbound_grant_type", "2 characters",
		},
		"another default": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				column(t, file, "oauth_jwt.enable_jti_verification").Default = "false"
			}, evidence.Surprises, "oauth_jwt.enable_jti_verification", `"false"`,
		},
		"a unique column beside the key": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				column(t, file, "sys_cors_rule.domain").Unique = true
			},
			evidence.Surprises, "sys_cors_rule.domain", "natural key is name",
		},
		"a unique index over a part of the key": {
			func(t *testing.T, file *dictionary.File) {
				t.Helper()
				table(t, file, "sys_scope_privilege").UniqueIndexes = [][]string{{"target_name", "operation"}}
			}, evidence.Surprises, "sys_scope_privilege.target_name,operation", "",
		},
		"no column for auth scopes": {without("api_key.auth_scope"), evidence.Harmless, "api_key", "auth_scope_ids"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := instance(t)
			if found := evidence.Compare(file, evidence.Assumed(t.Context())); len(found) > 0 {
				t.Fatalf("an instance that is as assumed differs: %v", found)
			}
			test.edit(t, file)
			found := evidence.Compare(file, evidence.Assumed(t.Context()))
			if !slices.ContainsFunc(found, func(d evidence.Difference) bool {
				return d.Risk == test.risk && strings.HasPrefix(d.String(), test.where) && strings.Contains(d.Message, test.says)
			}) {
				t.Errorf("found %v", found)
			}
			if !slices.IsSortedFunc(found, func(a, b evidence.Difference) int { return int(a.Risk) - int(b.Risk) }) {
				t.Errorf("not by risk: %v", found)
			}
		})
	}
}

// What is of no consequence is not printed: an instance has hundreds of columns that the provider does not know.
func TestNoDifference(t *testing.T) {
	t.Parallel()
	file := instance(t)
	table(t, file, "sys_cors_rule").Columns = append(table(t, file, "sys_cors_rule").Columns,
		dictionary.Column{Name: "u_note", Type: "string"},
		dictionary.Column{Name: "u_kind", Type: "string", Mandatory: true, Default: "a"})
	column(t, file, "sys_cors_rule.name").Unique = true
	table(t, file, "jwt_verifier_map").UniqueIndexes = [][]string{{"name", "oauth_jwt"}}
	if found := evidence.Compare(file, evidence.Assumed(t.Context())); len(found) > 0 {
		t.Errorf("%v", found)
	}
}

// What was not seen is no difference, however much is missing, and is said.
func TestNothingFollowsFromWhatWasNotSeen(t *testing.T) {
	t.Parallel()
	file := instance(t)
	blind := table(t, file, "oauth_jwt")
	blind.Columns, blind.Partial = nil, true
	file.Tables = slices.DeleteFunc(file.Tables, func(in dictionary.Table) bool { return in.Name == "api_key" })
	file.Unseen = []dictionary.Unseen{{Table: "oauth_jwt", Part: dictionary.PartColumns, Why: "hidden"}}
	assumed := evidence.Assumed(t.Context())
	if found := evidence.Compare(file, assumed); len(found) > 0 {
		t.Errorf("%v", found)
	}
	if untold := evidence.Untold(file, assumed); !slices.Equal(untold, []string{
		"oauth_jwt columns: hidden", "api_key table: the file does not name it",
	}) {
		t.Errorf("%q", untold)
	}
	if err := file.Write(&bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

// TestEveryTableIsAssumed reads the provider's source for the tables that it asks for.
func TestEveryTableIsAssumed(t *testing.T) {
	t.Parallel()
	names := evidence.Assumed(t.Context()).Names()
	asked := 0
	for _, dir := range []string{"servicenow", "servicenowapi", "integration"} {
		constants := map[string]string{}
		var calls []ast.Expr
		err := filepath.WalkDir(filepath.Join("..", dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ValueSpec:
					for i, value := range n.Values {
						if text, ok := value.(*ast.BasicLit); ok && text.Kind == token.STRING {
							constants[n.Names[i].Name], _ = strconv.Unquote(text.Value)
						}
					}
				case *ast.CallExpr:
					if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Table" && len(n.Args) == 1 {
						calls = append(calls, n.Args[0])
					}
				case *ast.KeyValueExpr:
					if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Table" {
						calls = append(calls, n.Value)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range calls {
			name := ""
			switch of := call.(type) {
			case *ast.BasicLit:
				name, _ = strconv.Unquote(of.Value)
			case *ast.Ident:
				name = constants[of.Name]
			}
			if name == "" {
				continue // a table that a variable names: one of the others, or what a configuration states
			}
			asked++
			if !slices.Contains(names, name) {
				t.Errorf("%s asks for the table %s, which is not assumed: name it in servicenow.Needs", dir, name)
			}
		}
	}
	const least = 60
	if asked < least {
		t.Errorf("only %d places were found", asked)
	}
}
