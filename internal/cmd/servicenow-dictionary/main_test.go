package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/evidence"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func everything(o *simulator.Options) {
	o.ServiceNow.Apps = []string{
		servicenow.ElasticITSM, servicenow.ElasticSecOps, servicenow.EventConnectors, servicenow.Rapid7Integration,
	}
}

// export runs the command as a user does, and reads what it wrote.
func export(t *testing.T, w *acctest.World, user, password string) (file *dictionary.File, text, said string) {
	t.Helper()
	t.Setenv("SERVICENOW_INSTANCE_URL", w.ServiceNowURL())
	t.Setenv("SERVICENOW_USERNAME", user)
	t.Setenv("SERVICENOW_PASSWORD", password)
	name := filepath.Join(t.TempDir(), "dictionary.json")
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-out", name}, &out); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if file, err = dictionary.Read(bytes.NewReader(written)); err != nil {
		t.Fatal(err)
	}
	return file, string(written), out.String()
}

func exportAsAdmin(t *testing.T, w *acctest.World) (*dictionary.File, string) {
	t.Helper()
	file, text, _ := export(t, w, w.ServiceNow.AdminUser(), w.ServiceNow.AdminPassword())
	return file, text
}

// columnOf finds a column that a table has of its own.
func columnIn(t *testing.T, file *dictionary.File, table, column string) dictionary.Column {
	t.Helper()
	in, ok := file.Table(table)
	i := slices.IndexFunc(in.Columns, func(c dictionary.Column) bool { return c.Name == column })
	if !ok || i < 0 {
		t.Fatalf("no %s.%s", table, column)
	}
	return in.Columns[i]
}

func TestExportHoldsWhatTheProviderTouches(t *testing.T) { //nolint:paralleltest // sets the environment
	w := acctest.New(t, everything)
	file, text := exportAsAdmin(t, w)
	for _, name := range evidence.Assumed(t.Context()).Names() {
		if _, ok := file.Table(name); !ok {
			t.Errorf("no table %s", name)
		}
	}
	if len(file.Unseen) > 0 || len(file.Missing) > 0 || file.Release != "Zurich" ||
		!strings.HasPrefix(file.Build, "glide-") {
		t.Errorf("unseen %v, missing %v, release %q %q", file.Unseen, file.Missing, file.Release, file.Build)
	}
	jwt, _ := file.Table("oauth_jwt")
	entity, _ := file.Table("oauth_entity")
	listener, _ := file.Table("sn_em_connector_listener")
	if jwt.Extends != "oauth_entity" || entity.Extends != "sys_metadata" || listener.Scope != "sn_em_connector" ||
		listener.WebServiceAccess == nil || !*listener.WebServiceAccess {
		t.Errorf("%+v\n%+v\n%+v", jwt, entity, listener)
	}
	if slices.ContainsFunc(jwt.Columns, func(c dictionary.Column) bool { return c.Name == "client_id" }) {
		t.Error("a column stands under a table that inherits it")
	}
	kind := columnIn(t, file, "sys_certificate", "type")
	if kind.Default != "trust_store_cert" || kind.Type != "string" || len(kind.Choices) != 3 ||
		kind.Choices[0].Value != "trust_store_cert" || kind.Choices[0].Label != "Trust Store Cert" {
		t.Errorf("%+v", kind)
	}
	if c := columnIn(t, file, "jwt_verifier_map", "oauth_jwt"); c.Reference != "oauth_jwt" || !c.Mandatory {
		t.Errorf("%+v", c)
	}
	if c := columnIn(t, file, "sys_user", "user_name"); !c.Unique || c.MaxLength != 40 {
		t.Errorf("%+v", c)
	}
	if c := columnIn(t, file, "sys_certificate", "issuer"); !c.ReadOnly {
		t.Errorf("%+v", c)
	}
	plugin := dictionary.Plugin{ID: servicenow.TokenBasedAuthPlugin, Active: true, Version: "1.0.0"}
	if !slices.Contains(file.Plugins, plugin) ||
		!slices.ContainsFunc(file.Applications, func(a dictionary.Application) bool {
			return a.Scope == servicenow.SecurityIncident && a.Installed
		}) {
		t.Errorf("%v %v", file.Plugins, file.Applications)
	}
	// The same instance, and another one that was set up alike, give the same file.
	if _, again := exportAsAdmin(t, w); again != text {
		t.Error("a second export differs")
	}
	if _, other := exportAsAdmin(t, acctest.New(t, everything)); other != text {
		t.Error("the export of an instance that was set up alike differs")
	}
}

// TestExportHoldsNoRecord fills every table with words that must not be found, and holds that nothing is written.
func TestExportHoldsNoRecord(t *testing.T) { //nolint:paralleltest // sets the environment
	w := acctest.New(t, everything, func(o *simulator.Options) { o.ServiceNow.AdminPassword = "c4n4ry-password" })
	metadata := []string{"sys_db_object", "sys_dictionary", "sys_dictionary_override", "sys_choice", "sys_index"}
	filled := 0
	for _, table := range w.ServiceNow.Tables() {
		if slices.Contains(metadata, table) {
			continue
		}
		values := servicenow.Record{}
		for _, c := range w.ServiceNow.Records("sys_dictionary", "name="+table+"^element!=") {
			if c["internal_type"] == "string" || strings.HasPrefix(c["internal_type"], "password") {
				values[c["element"]] = "c4n4ry" + table[:min(8, len(table))]
			}
		}
		if id, err := w.ServiceNow.Insert(table, values); err == nil && id != "" {
			filled++
		}
	}
	const most = 40
	if filled < most {
		t.Fatalf("only %d tables hold a canary", filled)
	}
	if _, err := w.ServiceNow.Insert("sys_dictionary", servicenow.Record{
		"name": "sys_user", "element": "u_pin", "internal_type": "password2", "default_value": "c4n4ry",
	}); err != nil {
		t.Fatal(err)
	}
	w.Forget()
	file, text := exportAsAdmin(t, w)
	if i := strings.Index(text, "c4n4ry"); i >= 0 {
		t.Errorf("data of a record is in the file: %s", text[max(0, i-200):i+20])
	}
	if strings.Contains(text, w.ServiceNowURL()) {
		t.Error("the file names the instance")
	}
	if c := columnIn(t, file, "sys_user", "u_pin"); c.Default != "" {
		t.Errorf("the default of a secret: %q", c.Default)
	}
	for _, r := range w.ServiceNow.Requests() {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("wrote %v", writes)
	}
}

func TestExportSaysWhatItCannotSee(t *testing.T) { //nolint:paralleltest // sets the environment
	w := acctest.New(t)
	id, err := w.ServiceNow.Insert("sys_user", servicenow.Record{
		"user_name": "plain", "user_password": "plain", "web_service_access_only": "true",
	})
	if err != nil {
		t.Fatal(err)
	}
	role := w.ServiceNow.Records("sys_user_role", "name=oauth_admin")[0]["sys_id"]
	if _, err := w.ServiceNow.Insert("sys_user_has_role", servicenow.Record{"user": id, "role": role}); err != nil {
		t.Fatal(err)
	}
	file, _, said := export(t, w, "plain", "plain")
	for _, table := range []string{"oauth_jwt", "oauth_entity", "sys_metadata", "sys_user"} {
		got, ok := file.Table(table)
		if !ok || len(got.Columns) > 0 || !got.Partial || file.Sees(table, dictionary.PartColumns) ||
			file.Sees(table, dictionary.PartChoices) {
			t.Errorf("%s: %+v", table, got)
		}
	}
	for _, part := range []dictionary.Part{dictionary.PartRelease, dictionary.PartPlugins} {
		if !slices.ContainsFunc(file.Unseen, func(u dictionary.Unseen) bool { return u.Part == part }) {
			t.Errorf("%s is not said to be unseen: %v", part, file.Unseen)
		}
	}
	if len(file.Plugins) > 0 || !strings.Contains(said, "Not seen: oauth_jwt columns: ") {
		t.Errorf("%v\n%s", file.Plugins, said)
	}
	// Tables of an application that is not installed are proven to be missing, by their own answer.
	if !slices.Contains(file.Missing, "sn_em_connector_listener") || slices.Contains(file.Missing, "oauth_jwt") {
		t.Errorf("missing: %v", file.Missing)
	}
	for _, d := range evidence.Compare(file, evidence.Assumed(t.Context())) {
		if d.Risk == evidence.Breaks {
			t.Errorf("concluded from what was not seen: %s", d)
		}
	}
}

// A single row that access control hides makes the table's columns unknown, and leaves the others alone.
func TestExportOfHiddenEntries(t *testing.T) { //nolint:paralleltest // sets the environment
	w := acctest.New(t)
	hidden := w.ServiceNow.Records("sys_dictionary", "name=sys_cors_rule^element=domain")[0]["sys_id"]
	w.ServiceNow.Hide(hidden, true)
	file, _ := exportAsAdmin(t, w)
	rule, _ := file.Table("sys_cors_rule")
	if !rule.Partial || file.Sees("sys_cors_rule", dictionary.PartColumns) || len(rule.Columns) == 0 ||
		!file.Sees("sys_certificate", dictionary.PartColumns) {
		t.Errorf("%+v %v", rule, file.Unseen)
	}
	table := w.ServiceNow.Records("sys_db_object", "name=oauth_entity")[0]["sys_id"]
	w.ServiceNow.Hide(table, true)
	file, _ = exportAsAdmin(t, w)
	if _, ok := file.Table("oauth_entity"); ok || file.Sees("oauth_entity", dictionary.PartTable) ||
		slices.Contains(file.Missing, "oauth_entity") {
		t.Errorf("a table whose row is hidden: %v, missing %v", file.Unseen, file.Missing)
	}
}

func TestExportOfInheritedColumns(t *testing.T) { //nolint:paralleltest // sets the environment
	w := acctest.New(t)
	for table, row := range map[string]servicenow.Record{
		"sys_dictionary_override": {
			"name": "oauth_jwt", "base_table": "oauth_entity", "element": "access_token_lifespan",
			"default_value_override": "true", "default_value": "60", "mandatory_override": "true", "mandatory": "true",
			"read_only": "true",
		},
		"sys_choice": {"name": "oauth_jwt", "element": "token_format", "value": "jwe", "label": "JWE", "language": "en"},
		"sys_index":  {"logical_table_name": "oauth_jwt", "col_name_string": "name,client_id", "unique_index": "true"},
	} {
		if _, err := w.ServiceNow.Insert(table, row); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.ServiceNow.Insert("sys_choice", servicenow.Record{
		"name": "oauth_jwt", "element": "token_format", "value": "alt", "label": "Alt", "language": "de",
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.ServiceNow.SetWebServiceAccess("jwt_verifier_map", false); err != nil {
		t.Fatal(err)
	}
	file, _ := exportAsAdmin(t, w)
	lifespan := columnIn(t, file, "oauth_jwt", "access_token_lifespan")
	if lifespan.Default != "60" || !lifespan.Mandatory || lifespan.ReadOnly || lifespan.Type != "integer" {
		t.Errorf("%+v", lifespan)
	}
	if above := columnIn(t, file, "oauth_entity", "access_token_lifespan"); above.Default != "1800" || above.Mandatory {
		t.Errorf("%+v", above)
	}
	if c := columnIn(t, file, "oauth_jwt", "token_format"); len(c.Choices) != 1 || c.Choices[0].Value != "jwe" {
		t.Errorf("%+v", c)
	}
	jwt, _ := file.Table("oauth_jwt")
	verifier, _ := file.Table("jwt_verifier_map")
	if len(jwt.UniqueIndexes) != 1 || !slices.Equal(jwt.UniqueIndexes[0], []string{"name", "client_id"}) ||
		verifier.WebServiceAccess == nil || *verifier.WebServiceAccess {
		t.Errorf("%v %v", jwt.UniqueIndexes, verifier.WebServiceAccess)
	}
	// A simulator that starts from the file is what the file says, and exports it again.
	second := acctest.New(t, func(o *simulator.Options) { o.Dictionary = file })
	copied, _ := exportAsAdmin(t, second)
	for _, table := range []string{"oauth_jwt", "oauth_entity", "jwt_verifier_map", "sys_certificate"} {
		want, _ := file.Table(table)
		got, _ := copied.Table(table)
		if !sameTable(got, want) {
			t.Errorf("%s comes back as\n%+v\nand was\n%+v", table, got, want)
		}
	}
}

func sameTable(a, b dictionary.Table) bool {
	var one, two bytes.Buffer
	for out, t := range map[*bytes.Buffer]dictionary.Table{&one: a, &two: b} {
		file := dictionary.File{Format: dictionary.Format, Tables: []dictionary.Table{t}}
		if err := file.Write(out); err != nil {
			return false
		}
	}
	return one.String() == two.String()
}

func TestRefusals(t *testing.T) {
	w := acctest.New(t)
	name := filepath.Join(t.TempDir(), "dictionary.json")
	refuses := func(want string, arguments ...string) {
		t.Helper()
		err := run(t.Context(), arguments, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q in it", arguments, err, want)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "*")); len(left) > 0 {
			t.Errorf("%v: left %v", arguments, left)
		}
	}
	t.Setenv("SERVICENOW_INSTANCE_URL", "")
	refuses("usage")
	refuses("usage", "-out", name, "more")
	refuses("SERVICENOW_INSTANCE_URL", "-out", name)
	refuses("no such file", "-out", filepath.Join(name, "in", "no", "directory"))
	t.Setenv("SERVICENOW_INSTANCE_URL", w.ServiceNowURL())
	t.Setenv("SERVICENOW_USERNAME", "admin")
	t.Setenv("SERVICENOW_PASSWORD", "")
	refuses("SERVICENOW_PASSWORD", "-out", name)
	t.Setenv("SERVICENOW_PASSWORD", "s3cret-that-is-wrong")
	refuses("401", "-out", name)
	err := run(t.Context(), []string{"-out", name}, &bytes.Buffer{})
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v", err)
	}
	t.Setenv("SERVICENOW_PASSWORD", w.ServiceNow.AdminPassword())
	w.ServiceNow.Faults.Clear()
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"-out", name}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(name); err != nil || !strings.HasPrefix(string(text), "{") {
		t.Errorf("a file that was there is not replaced: %v", err)
	}
}

// TestSimulatorIsAsAssumed compares what the simulator exports, at each release, with what the provider assumes.
func TestSimulatorIsAsAssumed(t *testing.T) { //nolint:paralleltest // sets the environment
	for _, release := range servicenow.Releases() { //nolint:paralleltest // sets the environment
		t.Run(string(release), func(t *testing.T) {
			w := acctest.New(t, everything, func(o *simulator.Options) { o.ServiceNow.Release = release })
			file, _ := exportAsAdmin(t, w)
			if !strings.EqualFold(file.Release, string(release)) {
				t.Errorf("the release is %q", file.Release)
			}
			assumed := evidence.Assumed(t.Context())
			found := evidence.Compare(file, assumed)
			for _, d := range found {
				if d.Risk == evidence.Breaks {
					t.Error(d)
				}
			}
			if untold := evidence.Untold(file, assumed); len(untold) > 0 {
				t.Errorf("not told: %v", untold)
			}
			newer := slices.ContainsFunc(found, func(d evidence.Difference) bool {
				return d.Table == "oauth_jwt" && d.Column == "jwks_url" && d.Risk == evidence.Harmless
			})
			all := servicenow.Releases()
			if newer != (slices.Index(all, release) < slices.Index(all, servicenow.Zurich)) {
				t.Errorf("that jwks_url is missing is said: %t", newer)
			}
		})
	}
}
