package kibanaapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest/resttest"
)

// fakeCases keeps the case settings of one owner as Kibana 9.4 does: a POST starts anew, a PATCH needs the version and
// empties templates that it does not carry.
type fakeCases struct {
	mu        sync.Mutex
	settings  map[string]any // nil: none yet
	versions  int
	conflicts int // PATCHes to come that meet a version which moved
	lose      int // writes to come whose answers are lost
	onLose    func(map[string]any)
	deaf      bool           // a PATCH is answered, and changes nothing
	lists     []string       // the answers to the next lists, "404" for a refusal
	fill      map[string]any // what is added to the case fields of each template that lacks it
	release   string         // empty: 9.4.0
	late      string         // a connector that was made after the list was read
	gets      int
	sent      []string
	patched   map[string]any
}

const fakeConnectors = `[
	{"id": "itsm", "name": "ITSM", "connector_type_id": ".servicenow", "config": {"usesTableApi": false}},
	{"id": "jira", "name": "Jira", "connector_type_id": ".jira", "config": {}},
	{"id": "itom", "name": "ITOM", "connector_type_id": ".servicenow-itom", "config": {}}]`

func (f *fakeCases) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	reply := func(status int, body any) {
		data, _ := json.Marshal(body)
		resttest.AnswerJSON(w, status, string(data))
	}
	var body map[string]any
	if data, _ := io.ReadAll(r.Body); len(data) > 0 {
		_ = json.Unmarshal(data, &body)
	}
	if r.Method != http.MethodGet {
		f.sent = append(f.sent, r.Method)
	}
	switch {
	case r.URL.Path == "/api/status":
		reply(http.StatusOK, map[string]any{"version": map[string]any{"number": cmp.Or(f.release, "9.4.0")}})
		return
	case r.URL.Path == "/api/actions/connectors":
		resttest.AnswerJSON(w, http.StatusOK, fakeConnectors)
		return
	case r.URL.Path == "/api/actions/connector/"+f.late:
		reply(http.StatusOK, map[string]any{"id": f.late, "name": "Late", "connector_type_id": ".jira", "config": nil})
		return
	case strings.HasPrefix(r.URL.Path, "/api/actions/connector/"):
		reply(http.StatusNotFound, map[string]any{"statusCode": 404, "error": "Not Found", "message": "gone"})
		return
	case r.Method == http.MethodGet && len(f.lists) > 0:
		answer := f.lists[0]
		if f.lists = f.lists[1:]; answer == "404" {
			reply(http.StatusNotFound, map[string]any{"statusCode": 404, "error": "Not Found", "message": "Not Found"})
			return
		}
		resttest.AnswerJSON(w, http.StatusOK, answer)
		return
	case r.Method == http.MethodGet:
		f.gets++
		all := []any{}
		if f.settings != nil {
			all = append(all, f.settings)
		}
		reply(http.StatusOK, all)
		return
	case r.Method == http.MethodPost:
		f.settings = map[string]any{
			"id": "one", "error": nil, "customFields": []any{}, "templates": []any{}, "observableTypes": []any{},
		}
	case f.conflicts > 0:
		f.conflicts--
		f.touch()
		reply(http.StatusConflict, map[string]any{"statusCode": 409, "error": "Conflict", "message": "It has been updated."})
		return
	case f.settings == nil || !strings.HasSuffix(r.URL.Path, "/"+f.settings["id"].(string)):
		reply(http.StatusNotFound, map[string]any{"statusCode": 404, "error": "Not Found", "message": "gone"})
		return
	case body["version"] != f.settings["version"]:
		reply(http.StatusConflict, map[string]any{"statusCode": 409, "error": "Conflict", "message": "It has been updated."})
		return
	default:
		f.patched = body
		f.settings["templates"] = []any{}
	}
	if f.deaf {
		answer := maps.Clone(f.settings)
		maps.Copy(answer, body)
		reply(http.StatusOK, answer)
		return
	}
	for key, value := range body {
		f.settings[key] = value
	}
	for _, template := range entries(f.settings["templates"]) {
		fields := map[string]any{}
		maps.Copy(fields, f.fill)
		if given, ok := template["caseFields"].(map[string]any); ok {
			maps.Copy(fields, given)
		}
		template["caseFields"] = fields
	}
	f.touch()
	if f.lose > 0 {
		f.lose--
		if f.onLose != nil {
			f.onLose(f.settings)
		}
		panic(http.ErrAbortHandler)
	}
	reply(http.StatusOK, f.settings)
}

// touch moves the version, as any write does.
func (f *fakeCases) touch() {
	f.versions++
	f.settings["version"] = fmt.Sprint("v", f.versions)
}

func (f *fakeCases) store(t *testing.T) *CaseSettings {
	t.Helper()
	config := resttest.BasicConfig(resttest.Serve(t, f.ServeHTTP))
	config.HTTP.MaxRetries = 0
	k, err := New(config, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.endpoint.Close)
	k.Patience = 0
	return k.CaseSettings()
}

// keys are those of a list of the stored settings.
func (f *fakeCases) keys(list string) string {
	var keys []string
	for _, entry := range entries(f.settings[list]) {
		keys = append(keys, keyOf(entry))
	}
	return strings.Join(keys, " ")
}

func wantSettings(values map[string]any) record.Write {
	all := map[string]any{ownerColumn: "cases", closureColumn: closeByUser}
	for column, value := range values {
		all[column] = value
	}
	return record.Write{Record: record.Record{ID: "cases", Values: all}}
}

func customField(key, kind, label string) map[string]any {
	return map[string]any{"key": key, "type": kind, "label": label, "required": false}
}

func template(key string, values ...any) map[string]any {
	return map[string]any{"key": key, "name": key, "caseFields": map[string]any{"title": key, "customFields": values}}
}

func value(key, text string) map[string]any {
	return map[string]any{"key": key, "type": "text", "value": text}
}

// theirs are settings that somebody else has made.
func theirs() map[string]any {
	return map[string]any{
		"id": "one", "version": "v0", "owner": "cases", "closure_type": closeByUser,
		"connector": map[string]any{"id": "none", "name": "none", "type": ".none", "fields": nil}, "mappings": []any{},
		"customFields":    []any{customField("team", "text", "Team")},
		"templates":       []any{template("old", value("team", "a"))},
		"observableTypes": []any{map[string]any{"key": "badge", "label": "Badge"}},
	}
}

// TestCaseSettingsKeepWhatOthersMade takes the lists through owning, changing, removing, releasing and destroying.
func TestCaseSettingsKeepWhatOthersMade(t *testing.T) {
	t.Parallel()
	f := &fakeCases{settings: theirs()}
	s := f.store(t)
	holds := func(fields, templates, observables string) {
		t.Helper()
		got := fmt.Sprint(f.keys("customFields"), "; ", f.keys("templates"), "; ", f.keys("observableTypes"))
		if want := fmt.Sprint(fields, "; ", templates, "; ", observables); got != want {
			t.Errorf("stored are %s, not %s", got, want)
		}
		old := entryOf(f.settings["templates"], "old")[caseFieldsKey].(map[string]any)
		if old["title"] != "old" || entryOf(old["customFields"], "team")["value"] != "a" {
			t.Errorf("somebody else's template became %v", old)
		}
	}
	first := wantSettings(map[string]any{
		"custom_fields": []any{customField("toggle", "toggle", "T"), customField("text", "text", "X")},
		"templates":     []any{template("new", value("text", "b"))}, "connector_id": "itsm",
		"connector_fields": map[string]any{"impact": "1"},
	})
	made, err := s.Create(t.Context(), first)
	if err != nil || made.Found != nil || made.Text("connector_name") != "ITSM" {
		t.Fatalf("made %+v, %v", made, err)
	}
	holds("team toggle text", "old new", "badge")
	if len(entries(made.Values["custom_fields"])) != 2 || made.Values["observable_types"] != nil {
		t.Errorf("owned are %v and %v", made.Values["custom_fields"], made.Values["observable_types"])
	}
	mine := entryOf(made.Values["templates"], "new")[caseFieldsKey].(map[string]any)
	if len(entries(mine["customFields"])) != 1 {
		t.Errorf("the template owns what Kibana demands: %v", mine)
	}
	if fields, _ := made.Values["connector_fields"].(map[string]any); fields["impact"] != "1" || len(fields) != 5 {
		t.Errorf("connector_fields are %v", fields)
	}

	read, err := s.Read(t.Context(), record.Record{ID: "cases", Values: first.Values, Remembered: made.Remembered}, nil)
	if err != nil || len(entries(read.Values["custom_fields"])) != 2 || read.Remembered[nameMemory] != "ITSM" {
		t.Errorf("read %+v, %v", read, err)
	}
	imported, err := s.Read(t.Context(), record.Record{ID: "cases"}, nil)
	if err != nil || len(entries(imported.Values["custom_fields"])) != 3 || imported.Values["observable_types"] == nil {
		t.Errorf("imported %+v, %v", imported, err)
	}

	fewer := wantSettings(map[string]any{
		"custom_fields": []any{customField("toggle", "toggle", "Renamed")}, "connector_id": "itsm",
		"connector_fields": map[string]any{"impact": "1"}, "templates": []any{template("new")},
	})
	f.conflicts = 1
	if _, err = s.Update(t.Context(), first.Record, fewer); err != nil {
		t.Fatal(err)
	}
	holds("team toggle", "old new", "badge")
	if entryOf(f.settings["customFields"], "toggle")["label"] != "Renamed" {
		t.Error("the label is the old one")
	}
	before := len(f.sent)
	if _, err = s.Update(t.Context(), fewer.Record, fewer); err != nil || len(f.sent) != before {
		t.Errorf("an update of nothing sent %v, %v", f.sent[before:], err)
	}

	taken := wantSettings(map[string]any{"observable_types": []any{map[string]any{"key": "badge", "label": "Mine"}}})
	_, err = s.Update(t.Context(), fewer.Record, taken)
	if err == nil || !strings.Contains(err.Error(), "adopt_existing") {
		t.Errorf("taking somebody else's entry: %v", err)
	}
	released := wantSettings(map[string]any{"connector_id": "itsm"})
	if _, err = s.Update(t.Context(), fewer.Record, released); err != nil {
		t.Fatal(err)
	}
	holds("team toggle", "old new", "badge")

	if _, err = s.Delete(t.Context(), record.Record{ID: "cases", Values: fewer.Values}, record.Options{}); err != nil {
		t.Fatal(err)
	}
	holds("team", "old", "badge")
	if connector := f.settings["connector"].(map[string]any); connector["id"] != "none" {
		t.Errorf("the connector is %v", connector)
	}
}

// TestCaseSettingsHaveOneResource lets one of two resources of an owner make the settings: the second POST would wipe
// what the first one made.
func TestCaseSettingsHaveOneResource(t *testing.T) {
	t.Parallel()
	f := &fakeCases{}
	store := f.store(t)
	inSpace := wantSettings(map[string]any{"templates": []any{template("one")}})
	inSpace.Space = DefaultSpace
	wants := []record.Write{wantSettings(map[string]any{"custom_fields": []any{customField("a", "text", "A")}}), inSpace}
	var made []record.Record
	var refused int
	for _, want := range wants {
		got, err := store.Create(t.Context(), want)
		if exists := new(record.ExistsError); errors.As(err, &exists) && exists.SameRun {
			refused++
		} else if err == nil {
			made = append(made, got.Record)
		}
	}
	if len(made) != 1 || refused != 1 || f.keys("customFields") != "a" {
		t.Fatalf("%d were made, %d refused, custom fields %q", len(made), refused, f.keys("customFields"))
	}
	if _, err := store.Delete(t.Context(), made[0], record.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Create(t.Context(), wants[1]); err != nil {
		t.Errorf("after the first was destroyed: %v", err)
	}
}

// TestCaseSettingsAreNotLostByOneList takes neither an empty list nor a 404 for a proof that the settings are gone.
func TestCaseSettingsAreNotLostByOneList(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lists []string
		found bool
		gone  bool
	}{
		"one empty list":        {[]string{`[]`}, true, false},
		"another owner's":       {[]string{`[{"id": "o", "version": "1", "owner": "observability"}]`}, true, false},
		"two empty lists":       {[]string{`[]`, `[]`}, false, true},
		"a 404":                 {[]string{"404"}, false, false},
		"an empty list, a 404":  {[]string{`[]`, "404"}, false, false},
		"an empty list, no row": {[]string{`[]`, `{}`}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeCases{}
			store := f.store(t)
			made, err := store.Create(t.Context(), wantSettings(nil))
			if err != nil {
				t.Fatal(err)
			}
			f.lists = test.lists
			_, err = store.Read(t.Context(), made.Record, nil)
			if (err == nil) != test.found || errors.Is(err, record.ErrNotFound) != test.gone {
				t.Errorf("the read ended with %v", err)
			}
			f.lists = test.lists
			_, err = store.Delete(t.Context(), made.Record, record.Options{})
			if (err == nil) != (test.found || test.gone) {
				t.Errorf("the delete ended with %v", err)
			}
		})
	}
}

// TestCaseSettingsAreSeenToBeReset reports a reset that was answered and changed nothing.
func TestCaseSettingsAreSeenToBeReset(t *testing.T) {
	t.Parallel()
	f := &fakeCases{}
	store := f.store(t)
	made, err := store.Create(t.Context(), wantSettings(map[string]any{
		"connector_id": "itsm", "custom_fields": []any{customField("one", "text", "One")},
	}))
	if err != nil {
		t.Fatal(err)
	}
	f.deaf = true
	if _, err := store.Delete(t.Context(), made.Record, record.Options{}); err == nil ||
		!strings.Contains(err.Error(), "they are as they were") {
		t.Errorf("the delete ended with %v", err)
	}
	f.deaf = false
	if _, err := store.Delete(t.Context(), made.Record, record.Options{}); err != nil || f.keys("customFields") != "" {
		t.Errorf("the delete ended with %v, and %q stayed", err, f.keys("customFields"))
	}
}

// TestCaseSettingsLearnWhatKibanaAdds takes what Kibana adds to a template that was written for nobody's drift, until
// it changes; another release may add something else.
func TestCaseSettingsLearnWhatKibanaAdds(t *testing.T) {
	t.Parallel()
	f := &fakeCases{fill: map[string]any{"severity": "low", "settings": map[string]any{"syncAlerts": true}}}
	store := f.store(t)
	want := wantSettings(map[string]any{"templates": []any{template("one"), template("two")}})
	titles := func(r record.Record) string {
		data, err := json.Marshal(r.Values["templates"])
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	bare := `[{"caseFields":{"title":"one"},"key":"one","name":"one"},` +
		`{"caseFields":{"title":"two"},"key":"two","name":"two"}]`
	got, err := store.Create(t.Context(), want)
	if err != nil || titles(got.Record) != bare {
		t.Fatalf("create %v: %s", err, titles(got.Record))
	}
	read := func(store *CaseSettings, have record.Record) record.Record {
		t.Helper()
		again, err := store.Read(t.Context(), have, nil)
		if err != nil {
			t.Fatal(err)
		}
		return again.Record
	}
	again := read(store, got.Record)
	if titles(again) != bare || !maps.Equal(again.Remembered, got.Remembered) {
		t.Errorf("read %s, remembering %v", titles(again), again.Remembered)
	}
	entryOf(f.settings["templates"], "two")["caseFields"].(map[string]any)["severity"] = "critical"
	if drifted := read(store, again); !strings.Contains(titles(drifted), `"severity":"critical","title":"two"`) {
		t.Errorf("drift reads as %s", titles(drifted))
	}
	f.release = "9.5.0"
	entryOf(f.settings["templates"], "one")["caseFields"].(map[string]any)["category"] = "new"
	if upgraded := read(f.store(t), again); titles(upgraded) != bare {
		t.Errorf("after an upgrade %s", titles(upgraded))
	}
	imported := read(store, record.Record{ID: "cases", Values: map[string]any{}})
	if !strings.Contains(titles(imported), `"severity":"low"`) {
		t.Errorf("an import reads %s", titles(imported))
	}
	kept := read(store, record.Record{ID: "cases", Values: imported.Values, Remembered: imported.Remembered})
	if titles(kept) != titles(imported) {
		t.Errorf("after the import %s", titles(kept))
	}
}

// TestCaseSettingsAdopt takes settings over only when told to, and restores them.
func TestCaseSettingsAdopt(t *testing.T) {
	t.Parallel()
	for name, connector := range map[string]string{
		"restored": "jira", "made after the list": "late", "the connector is gone": "gone",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeCases{settings: theirs(), late: "late"}
			f.settings["closure_type"] = "close-by-pushing"
			f.settings["connector"] = map[string]any{"id": connector, "name": "Theirs", "type": ".jira", "fields": nil}
			s := f.store(t)
			want := wantSettings(map[string]any{"custom_fields": []any{customField("team", "text", "Mine")}})
			var exists *record.ExistsError
			if _, err := s.Create(t.Context(), want); !errors.As(err, &exists) || len(f.sent) > 0 {
				t.Fatalf("without adopt_existing: %v, sent %v", err, f.sent)
			}
			want.AdoptExisting = true
			got, err := s.Create(t.Context(), want)
			if err != nil || got.Found == nil || entryOf(f.settings["customFields"], "team")["label"] != "Mine" {
				t.Fatalf("adopted %+v, %v", got, err)
			}
			have := record.Record{ID: "cases", Values: want.Values, Found: got.Found}
			warnings, err := s.Delete(t.Context(), have, record.Options{})
			if err != nil || (len(warnings) > 0) != (connector == "gone") {
				t.Fatalf("released with %v, %v", warnings, err)
			}
			restored := f.settings["connector"].(map[string]any)
			if (restored["id"] == connector) != (connector != "gone") || f.settings["closure_type"] != "close-by-pushing" ||
				entryOf(f.settings["customFields"], "team")["label"] != "Team" {
				t.Errorf("restored are %v", f.settings)
			}
		})
	}
}

// TestCaseSettingsAdoptEntries takes entries of others over in an update, only when told to unless they are as wanted,
// and gives them back: when the configuration drops one, and when it is destroyed, which resets the rest.
func TestCaseSettingsAdoptEntries(t *testing.T) {
	t.Parallel()
	f := &fakeCases{settings: theirs()}
	f.settings["customFields"] = []any{customField("team", "text", "Team"), customField("site", "text", "Site")}
	s := f.store(t)
	label := func(key, want string) {
		t.Helper()
		if got := entryOf(f.settings["customFields"], key)["label"]; got != want {
			t.Errorf("the label of %s is %v, not %s", key, got, want)
		}
	}
	fields := func(fields ...any) record.Write {
		return wantSettings(map[string]any{"custom_fields": fields, closureColumn: "close-by-pushing"})
	}
	mine := customField("mine", "text", "Mine")
	have := fields(mine).Record
	if made, err := s.Create(t.Context(), fields(mine)); err != nil || made.Found != nil {
		t.Fatalf("made %v, %v", made.Found, err)
	}
	want := fields(mine, customField("team", "text", "Ours"), customField("site", "text", "Site"))
	if _, err := s.Update(t.Context(), have, want); err == nil || !strings.Contains(err.Error(), "adopt_existing") {
		t.Errorf("taking somebody else's entry: %v", err)
	}
	update := func(want record.Write) {
		t.Helper()
		want.AdoptExisting = true
		got, err := s.Update(t.Context(), have, want)
		if err != nil {
			t.Fatal(err)
		}
		if got.Found == nil {
			got.Found = have.Found // as the lifecycle keeps it
		}
		have = want.Record
		have.Found = got.Found
	}
	update(want)
	label("team", "Ours")
	update(fields(mine, customField("site", "text", "Our site"))) // drops one of them
	label("team", "Team")
	label("site", "Our site")
	f.mu.Lock()
	entryOf(f.settings["customFields"], "team")["label"] = "New team"
	f.mu.Unlock()
	update(fields(mine, customField("site", "text", "Our site"), customField("team", "text", "Ours")))
	label("team", "Ours")
	if _, err := s.Delete(t.Context(), have, record.Options{}); err != nil {
		t.Fatal(err)
	}
	label("team", "New team")
	label("site", "Site")
	if f.keys("customFields") != "team site" || f.settings["closure_type"] != closeByUser {
		t.Errorf("left are %s and %s", f.keys("customFields"), f.settings["closure_type"])
	}
}

// TestCaseSettingsCreate sends one POST, whatever becomes of its answer.
func TestCaseSettingsCreate(t *testing.T) {
	t.Parallel()
	pushing := wantSettings(map[string]any{
		closureColumn: "close-by-pushing", "connector_id": "jira", "custom_fields": []any{customField("a", "toggle", "A")},
		"templates": []any{template("t")},
	})
	for name, test := range map[string]struct {
		lose   int
		onLose func(map[string]any)
		want   string
	}{
		"answered":            {0, nil, ""},
		"lost":                {1, nil, ""},
		"somebody was faster": {1, func(s map[string]any) { s["closure_type"] = closeByUser }, "other case settings"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeCases{lose: test.lose, onLose: test.onLose}
			got, err := f.store(t).Create(t.Context(), pushing)
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Fatalf("the error is %v", err)
			}
			if fmt.Sprint(f.sent) != "[POST]" || err == nil && got.ID != "cases" {
				t.Errorf("sent %v, made %+v", f.sent, got)
			}
			filled := entryOf(f.settings["templates"], "t")[caseFieldsKey].(map[string]any)
			if entryOf(filled["customFields"], "a")["value"] != false {
				t.Errorf("the template is %v", filled)
			}
		})
	}
}

// TestCaseSettingsRefuse holds what is refused before anything is sent.
func TestCaseSettingsRefuse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		values map[string]any
		want   string
	}{
		"no connector": {map[string]any{"connector_id": "nobody"}, "no connector nobody"},
		"rules only":   {map[string]any{"connector_id": "itom"}, "serves rules only"},
		"unknown field": {
			map[string]any{"connector_id": "jira", "connector_fields": map[string]any{"impact": "1"}},
			"do not have the field impact",
		},
		"unknown custom": {map[string]any{"templates": []any{template("t", value("x", "1"))}}, `custom field "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeCases{}
			_, err := f.store(t).Create(t.Context(), wantSettings(test.values))
			if err == nil || !strings.Contains(err.Error(), test.want) || len(f.sent) > 0 {
				t.Errorf("the error is %v, sent %v", err, f.sent)
			}
		})
	}
}

// TestCaseSettingsWarnOfMappings passes on what Kibana could not do.
func TestCaseSettingsWarnOfMappings(t *testing.T) {
	t.Parallel()
	f := &fakeCases{settings: theirs()}
	f.settings["error"] = "no mappings"
	got, err := f.store(t).Read(t.Context(), record.Record{ID: "cases"}, nil)
	if err != nil || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "no mappings") {
		t.Errorf("warnings %v, %v", got.Warnings, err)
	}
	f.settings = nil
	if _, err := f.store(t).Read(t.Context(), record.Record{ID: "cases"}, nil); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("reading none: %v", err)
	}
	if _, err := f.store(t).Delete(t.Context(), record.Record{ID: "cases"}, record.Options{}); err != nil {
		t.Errorf("destroying none: %v", err)
	}
}

func TestCheckCaseFields(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		typeID, key, want string
	}{
		"known":               {".servicenow", "impact", ""},
		"of newer releases":   {".servicenow-sir", "additionalFields", ""},
		"of another type":     {".servicenow-sir", "impact", "do not have the field impact"},
		"of a type with none": {".cases-webhook", "impact", "take no connector_fields"},
		"of an unknown type":  {".thehive", "anything", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckCaseFields(test.typeID, map[string]any{test.key: nil})
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
	for typeID, takes := range map[string]bool{
		".servicenow": true, ".cases-webhook": true, ".thehive": true, ".servicenow-itom": false, ".index": false,
	} {
		if TakesCases(typeID) != takes {
			t.Errorf("connectors of type %s: %v", typeID, !takes)
		}
	}
	if CaseListSince("templates") != (Version{8, 15}) || CaseListSince("nothing") != (Version{}) {
		t.Error("the lists' releases are mixed up")
	}
}

// TestCaseSettingsConnectorFields keeps the fields of a connector that stays, and not those of another one.
func TestCaseSettingsConnectorFields(t *testing.T) {
	t.Parallel()
	fields := func(f *fakeCases) map[string]any {
		connector := f.settings["connector"].(map[string]any)
		held, _ := connector["fields"].(map[string]any)
		return held
	}
	f := &fakeCases{settings: theirs()}
	s := f.store(t)
	chosen := wantSettings(map[string]any{"connector_id": "itsm"})
	if _, err := s.Update(t.Context(), record.Record{ID: "cases"}, chosen); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.settings["connector"].(map[string]any)["fields"] = map[string]any{"impact": "3"} // set by somebody in Kibana
	f.mu.Unlock()
	renamed := wantSettings(map[string]any{
		"connector_id": "itsm", "custom_fields": []any{customField("text", "text", "X")},
	})
	if _, err := s.Update(t.Context(), chosen.Record, renamed); err != nil || fields(f)["impact"] != "3" {
		t.Errorf("the fields of the connector that stays became %v: %v", fields(f), err)
	}
	other := wantSettings(map[string]any{"connector_id": "jira"})
	if _, err := s.Update(t.Context(), renamed.Record, other); err != nil || fields(f)["impact"] == "3" {
		t.Errorf("another connector got the fields %v: %v", fields(f), err)
	}
}

// TestCaseSettingsSay tells whether settings are what a body asks for, each part of it.
func TestCaseSettingsSay(t *testing.T) {
	t.Parallel()
	connector := caseConnector{ID: "itsm", Name: "ITSM", Type: ".servicenow"}
	settings := configuration{ClosureType: closeByUser, Connector: connector}
	body := func(closure string, connector caseConnector) map[string]any {
		return map[string]any{closureColumn: closure, "connector": connector}
	}
	for name, test := range map[string]struct {
		body map[string]any
		want bool
	}{
		"the same":          {body(closeByUser, connector), true},
		"another closure":   {body("close-by-pushing", connector), false},
		"another connector": {body(closeByUser, caseConnector{ID: "jira"}), false},
		"both":              {body("close-by-pushing", caseConnector{ID: "jira"}), false},
	} {
		if settings.says(test.body) != test.want {
			t.Errorf("%s: %v", name, !test.want)
		}
	}
}
