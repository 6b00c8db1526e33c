package kibanaapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// TestGenericConfigIsOwnedAsAWhole tells the keys that Kibana added to our own write from those that somebody added.
func TestGenericConfigIsOwnedAsAWhole(t *testing.T) {
	t.Parallel()
	const stored = `{"id": "a", "name": "n", "connector_type_id": ".webhook", "config": %s}`
	s := &scripted{answers: map[string][]scriptedAnswer{
		"PUT one": ok(fmt.Sprintf(stored, `{"url": "u", "headers": {"a": "1"}, "method": "post", "ssl": {"verify": true}}`)),
	}}
	k := s.client(t, "")
	k.SingleReads = true
	connectors := k.Connectors("")
	values := map[string]any{
		"name": "n", typeColumn: ".webhook", configColumn: map[string]any{"url": "u", "headers": map[string]any{"a": "1"}},
	}
	want := record.Write{Record: record.Record{Values: values}}
	wrote, err := connectors.Update(t.Context(), record.Record{ID: "a"}, want)
	if err != nil || record.Text(wrote.Values[configColumn]) != `{"headers":{"a":"1"},"url":"u"}` {
		t.Fatalf("wrote %v, %v", wrote.Values, err)
	}
	have := record.Record{ID: "a", Values: values, Remembered: wrote.Remembered}
	for name, test := range map[string]struct {
		have           record.Record
		release        string
		now, want      string
		remembersAdded string
	}{
		"as written": {
			have: have, now: `{"url": "u", "headers": {"a": "1"}, "method": "post", "ssl": {"verify": true}}`,
			want: `{"headers":{"a":"1"},"url":"u"}`,
		},
		"a key more": {
			have: have, now: `{"url": "u", "headers": {"a": "1"}, "method": "post", "ssl": {"verify": true}, "evil": 1}`,
			want: `{"evil":1,"headers":{"a":"1"},"url":"u"}`,
		},
		"a key more inside": {
			have: have, now: `{"url": "u", "headers": {"a": "1", "evil": "2"}, "method": "post", "ssl": {"verify": true}}`,
			want: `{"headers":{"a":"1","evil":"2"},"url":"u"}`,
		},
		"an added key changed": {
			have: have, now: `{"url": "u", "headers": {"a": "1"}, "method": "put", "ssl": {"verify": true}}`,
			want: `{"headers":{"a":"1"},"method":"put","url":"u"}`,
		},
		"inside an added key": {
			have: have, now: `{"url": "u", "headers": {"a": "1"}, "method": "post", "ssl": {"verify": false}}`,
			want: `{"headers":{"a":"1"},"ssl":{"verify":false},"url":"u"}`,
		},
		"an added key is gone": {
			have: have, now: `{"url": "u", "headers": {"a": "1"}}`, want: `{"headers":{"a":"1"},"url":"u"}`,
		},
		"our key is gone": {have: have, now: `{"url": "u", "method": "post"}`, want: `{"url":"u"}`},
		"another release adds others": {
			have: record.Record{ID: "a", Values: values, Remembered: map[string]string{
				addedMemory: wrote.Remembered[addedMemory], releaseMemory: "8.19",
			}},
			now:            `{"url": "u", "headers": {"a": "1"}, "method": "post", "authType": null, "more": 1}`,
			want:           `{"headers":{"a":"1"},"url":"u"}`,
			remembersAdded: `{"authType":null,"method":"post","more":1}`,
		},
		"an import": {
			have: record.Record{ID: "a", Values: map[string]any{}}, now: `{"url": "u", "method": "post"}`,
			want: `{"method":"post","url":"u"}`, remembersAdded: `{}`,
		},
		"a state that remembers nothing": {
			have: record.Record{ID: "a", Values: values}, now: `{"url": "u", "headers": {"a": "1"}, "method": "post"}`,
			want: `{"headers":{"a":"1"},"url":"u"}`, remembersAdded: `{"method":"post"}`,
		},
	} {
		s.mu.Lock()
		s.answers[one] = ok(fmt.Sprintf(stored, test.now))
		s.mu.Unlock()
		got, err := connectors.Read(t.Context(), test.have, nil)
		if err != nil || record.Text(got.Values[configColumn]) != test.want {
			t.Errorf("%s: read %s, %v", name, record.Text(got.Values[configColumn]), err)
		}
		added := test.remembersAdded
		if added != "" && got.Remembered[addedMemory] != added || got.Remembered[releaseMemory] != "9.4" {
			t.Errorf("%s: remembers %v", name, got.Remembered)
		}
	}
}

// TestGenericConfigWithAnEmptyObject keeps an object that is configured as empty, and that Kibana fills.
func TestGenericConfigWithAnEmptyObject(t *testing.T) {
	t.Parallel()
	const stored = `{"id": "a", "name": "n", "connector_type_id": ".swimlane",
		"config": {"appId": "1", "mappings": {"alertIdConfig": null, "caseIdConfig": {"id": "c"}}}}`
	s := &scripted{answers: map[string][]scriptedAnswer{"PUT one": ok(stored), one: ok(stored)}}
	k := s.client(t, "")
	k.SingleReads = true
	values := map[string]any{
		"name": "n", typeColumn: ".swimlane", configColumn: map[string]any{"appId": "1", "mappings": map[string]any{}},
	}
	want := record.Write{Record: record.Record{Values: values}}
	wrote, err := k.Connectors("").Update(t.Context(), record.Record{ID: "a"}, want)
	if err != nil || record.Text(wrote.Values[configColumn]) != `{"appId":"1","mappings":{}}` {
		t.Fatalf("wrote %v, %v", wrote.Values, err)
	}
	have := record.Record{ID: "a", Values: values, Remembered: wrote.Remembered}
	read, err := k.Connectors("").Read(t.Context(), have, nil)
	if err != nil || record.Text(read.Values[configColumn]) != `{"appId":"1","mappings":{}}` {
		t.Errorf("read %v, %v", read.Values, err)
	}
}

// TestGenericConfigThatIsNotKept learns nothing from an answer in which a key of ours has another name: it would count
// as added, and stay unseen once the configuration leaves it out.
func TestGenericConfigThatIsNotKept(t *testing.T) {
	t.Parallel()
	s := &scripted{answers: map[string][]scriptedAnswer{
		"PUT one": ok(`{"id": "a", "name": "n", "connector_type_id": ".webhook",
			"config": {"url": "u", "headers": {"x-a": "1"}}}`),
	}}
	want := record.Write{Record: record.Record{Values: map[string]any{
		"name": "n", typeColumn: ".webhook", configColumn: map[string]any{"url": "u", "headers": map[string]any{"X-A": "1"}},
	}}}
	got, err := s.client(t, "").Connectors("").Update(t.Context(), record.Record{ID: "a"}, want)
	if err != nil || record.Text(got.Values[configColumn]) != `{"headers":{"x-a":"1"},"url":"u"}` ||
		got.Remembered[addedMemory] != "{}" {
		t.Errorf("answered %v, remembering %v, %v", got.Values, got.Remembered, err)
	}
}

// TestUpdate sends a PUT only where something changes, and once more after a conflict or an odd answer.
func TestUpdate(t *testing.T) {
	t.Parallel()
	const stored = `{"id": "a", "name": "new", "connector_type_id": ".index", "config": {}}`
	conflict := scriptedAnswer{http.StatusConflict, `{"statusCode": 409, "error": "Conflict", "message": "conflict"}`}
	for name, test := range map[string]struct {
		name    string
		secrets map[string]record.Secret
		puts    []scriptedAnswer
		want    string
		sent    int
	}{
		"nothing changes":       {"old", map[string]record.Secret{"s": {Value: "kept"}}, nil, "", 0},
		"a name":                {"new", nil, ok(stored), "", 1},
		"a secret":              {"old", map[string]record.Secret{"s": {Value: "x", Send: true}}, ok(stored), "", 1},
		"a conflict":            {"new", nil, []scriptedAnswer{conflict, {http.StatusOK, stored}}, "", 2},
		"two conflicts":         {"new", nil, []scriptedAnswer{conflict}, "409", 2},
		"an odd answer":         {"new", nil, []scriptedAnswer{{http.StatusOK, `{}`}, {http.StatusOK, stored}}, "", 2},
		"an answer never comes": {"new", nil, ok(`{}`), "no connector with an id", 2},
		"the connector is gone": {"new", nil, nil, "404", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{answers: map[string][]scriptedAnswer{"PUT one": test.puts}}
			have := record.Record{ID: "a", Values: map[string]any{"name": "old"}}
			want := record.Write{Record: record.Record{Values: map[string]any{"name": test.name}}, Secrets: test.secrets}
			got, err := s.client(t, "").Connectors(".index").Update(t.Context(), have, want)
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
			if s.count("PUT one") != test.sent || err == nil && len(got.KeptSecrets) != len(test.secrets)*test.sent {
				t.Errorf("sent %v, kept the secrets %v", s.sent, got.KeptSecrets)
			}
		})
	}
}

// TestCreateBeforeClientIDs finds what a lost POST has made among the connectors that were not there before.
func TestCreateBeforeClientIDs(t *testing.T) {
	t.Parallel()
	row := func(id, name string) string {
		return fmt.Sprintf(`{"id": %q, "name": %q, "actionTypeId": ".index", "config": {"index": %q}}`, id, name, name)
	}
	const lists, posts = "GET /api/actions", "POST /api/actions/action"
	other := row("other", "two")
	for name, test := range map[string]struct {
		after string
		want  string // in the error; empty: it is the one with the id "made"
	}{
		"made":     {row("made", "one") + "," + other, ""},
		"not made": {other, "Stack Management"},
		"twice":    {row("made", "one") + "," + row("again", "one") + "," + other, "several records"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{answers: map[string][]scriptedAnswer{
				"GET /api/status": ok(`{"version": {"number": "7.9.0"}}`), posts: {{http.StatusBadGateway, `{}`}},
				lists: {{http.StatusOK, "[" + other + "]"}, {http.StatusOK, "[" + test.after + "]"}},
			}}
			got, err := s.client(t, "").Connectors(".index").Create(t.Context(), named("one"))
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
			if s.count(posts) != 1 || err == nil && got.ID != "made" {
				t.Errorf("made %q by %v", got.ID, s.sent)
			}
		})
	}
}

func TestRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	rows := `[{"id": "fixed", "name": "f", "connector_type_id": ".index", "is_preconfigured": true},
		{"id": "7a0d8f3e-0000-4000-8000-000000000001", "name": "x", "connector_type_id": ".email", "config": {}},
		{"id": "same", "name": "one", "connector_type_id": ".index", "config": {"index": "one"}}]`
	s := &scripted{answers: map[string][]scriptedAnswer{listRequest: ok(rows)}}
	k := s.client(t, "")
	connectors := k.Connectors(".index")
	create := func(id, name string) error {
		want := named(name)
		want.ID = id
		return second(connectors.Create(t.Context(), want))
	}
	read := func(id string) error { return second(connectors.Read(t.Context(), record.Record{ID: id}, nil)) }
	for want, err := range map[string]error{
		"exists already":               create("", "one"),
		"connector_id = \"same\"":      create("same", "two"),
		"is taken by the connector":    create("7a0d8f3e-0000-4000-8000-000000000001", "two"),
		"at most 36 lowercase":         create("A", "two"),
		"preconfigured":                read("fixed"),
		"is of type .email, not .inde": read("7a0d8f3e-0000-4000-8000-000000000001"),
		"not found":                    read(""),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if s.count("POST one") > 0 {
		t.Error("a POST was sent")
	}
	all, err := k.Connectors("").Find(t.Context(), record.Match{Values: map[string]string{"name": "one"}}, nil, 9)
	if err != nil || len(all) != 1 || all[0].ID != "same" {
		t.Errorf("found %v, %v", all, err)
	}
	if all, _ = k.Connectors("").Find(t.Context(), record.Match{}, nil, 2); len(all) != 2 {
		t.Errorf("found %d of at most 2", len(all))
	}
}

func TestCheckConnectorID(t *testing.T) {
	t.Parallel()
	const uuid4, noVariant = "6f1c0c1e-2f5d-4c0a-9a53-0e8f4c1b7a21", "6f1c0c1e-2f5d-4c0a-0a53-0e8f4c1b7a21"
	for _, test := range []struct {
		version Version
		id      string
		want    string // in the error
	}{
		{Version{8, 7}, uuid4, "needs Kibana 8.8"},
		{Version{8, 8}, uuid4, ""},
		{Version{8, 8}, strings.ToUpper(uuid4), ""},
		{Version{9, 3}, "00000000-0000-0000-0000-000000000000", ""},
		{Version{9, 3}, noVariant, "take a UUID"},
		{Version{9, 3}, strings.Replace(uuid4, "-4c0a", "-6c0a", 1), "take a UUID"},
		{Version{9, 3}, "itsm-production", "readable ids need 9.4"},
		{Version{9, 4}, "itsm-production", ""},
		{Version{9, 4}, noVariant, ""},
		{Version{9, 4}, strings.ToUpper(uuid4), "at most 36 lowercase"},
		{Version{9, 4}, "under_score", "at most 36 lowercase"},
		{Version{9, 4}, strings.Repeat("a", 36), ""},
		{Version{9, 4}, strings.Repeat("a", 37), "at most 36 lowercase"},
		{Version{10, 0}, "a", ""},
	} {
		err := CheckConnectorID(test.version, test.id)
		if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s on %s: %v", test.id, test.version, err)
		}
	}
}

// TestRun reports what a connector answered, in both spellings.
func TestRun(t *testing.T) {
	t.Parallel()
	for version, message := range map[string]string{"9.4.0": "service_message", "7.9.0": "serviceMessage"} {
		body := ok(`{"status": "error", "message": "failed", "` + message + `": "no such user"}`)
		s := &scripted{answers: map[string][]scriptedAnswer{
			"GET /api/status": ok(`{"version": {"number": "` + version + `"}}`), "POST one": body,
			"POST /api/actions/action/a/_execute": body,
		}}
		got, err := s.client(t, "").Run(t.Context(), DefaultSpace, "a", SubAction("getChoices", nil), true)
		if err != nil || got.Status != "error" || got.Message != "failed" || got.ServiceMessage != "no such user" {
			t.Errorf("%s: %+v, %v", version, got, err)
		}
		if last := s.bodies[len(s.bodies)-1]; last != `{"params":{"subAction":"getChoices","subActionParams":null}}` {
			t.Errorf("%s: sent %s", version, last)
		}
	}
}

func TestStateVersion(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]string{
		"9.1": "9.1", "8.19.2": "8.19", "8.8.0-SNAPSHOT": "8.8", "9": "", "x.y": "",
	} {
		s := &scripted{}
		k := s.client(t, "")
		err := k.StateVersion(release)
		if (err != nil) != (want == "") {
			t.Errorf("%s: %v", release, err)
		}
		if got, err := k.Version(t.Context()); want != "" && (err != nil || got.String() != want || len(s.sent) > 0) {
			t.Errorf("%s: %s, %v, asked %v", release, got, err, s.sent)
		}
		if k.URL() == "" {
			t.Error("no URL")
		}
	}
}
