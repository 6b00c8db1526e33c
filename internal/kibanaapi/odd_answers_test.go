package kibanaapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest/resttest"
)

// scripted is a Kibana 9.4 that answers each request, such as "GET /api/actions/connectors", with the next of its
// answers; the last one is repeated.
type scripted struct {
	mu      sync.Mutex
	answers map[string][]scriptedAnswer
	sent    []string
	bodies  []string
}

type scriptedAnswer struct {
	status int
	body   string
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request := r.Method + " " + r.URL.Path
	if strings.HasPrefix(r.URL.Path, "/api/actions/connector/") {
		request = r.Method + " one"
	}
	if strings.HasPrefix(r.URL.Path, "/api/cases/configure/") {
		request = r.Method + " settings"
	}
	body := make([]byte, max(r.ContentLength, 0))
	_, _ = r.Body.Read(body)
	s.sent, s.bodies = append(s.sent, request), append(s.bodies, string(body))
	answers := s.answers[request]
	switch {
	case request == "GET /api/status" && answers == nil:
		answers = []scriptedAnswer{{http.StatusOK, `{"version": {"number": "9.4.0"}}`}}
	case answers == nil:
		answers = []scriptedAnswer{{http.StatusNotFound, `{"statusCode": 404, "error": "Not Found", "message": "gone"}`}}
	case len(answers) > 1:
		s.answers[request] = answers[1:]
	}
	if answers[0].status == http.StatusNoContent {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	resttest.AnswerJSON(w, answers[0].status, answers[0].body)
}

// count is how often a request was sent.
func (s *scripted) count(request string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, sent := range s.sent {
		if sent == request {
			n++
		}
	}
	return n
}

func (s *scripted) client(t *testing.T, space string) *Client {
	t.Helper()
	config := resttest.BasicConfig(resttest.Serve(t, s.ServeHTTP))
	config.HTTP.MaxRetries = 0
	k, err := New(config, space)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.endpoint.Close)
	k.Patience = 0
	return k
}

// refused is Kibana's own refusal.
func refused(status int) scriptedAnswer {
	return scriptedAnswer{status, fmt.Sprintf(`{"statusCode": %d, "error": "x", "message": "x"}`, status)}
}

func ok(body string) []scriptedAnswer { return []scriptedAnswer{{http.StatusOK, body}} }

const listRequest, one = "GET /api/actions/connectors", "GET one"

// TestOddAnswersKeepTheState holds that nothing is taken for gone by an answer that proves nothing.
func TestOddAnswersKeepTheState(t *testing.T) {
	t.Parallel()
	const id = "7a0d8f3e-0000-4000-8000-000000000001"
	have := record.Record{ID: id, Values: map[string]any{closureColumn: closeByUser}}
	odd := map[string]string{
		"an object": `{}`, "null": `null`, "a list of null": `[null]`, "a list of numbers": `[1]`, "nothing": ``,
		"blanks": `  `, "no id": `[{"name": "n"}]`, "a number as id": `[{"id": 1}]`, "garbage": `[] x`,
		"an error":   `{"error": "x"}`,
		"odd config": `[{"id": "` + id + `", "name": "n", "connector_type_id": ".index", "config": "x"}]`,
	}
	for name, body := range odd {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			single := body
			if strings.HasPrefix(body, "[{") {
				single = strings.Trim(body, "[]")
			}
			s := &scripted{answers: map[string][]scriptedAnswer{
				listRequest: ok(body), one: ok(single), "DELETE one": {{status: http.StatusNoContent}},
				"GET /api/cases/configure":         ok(body),
				"GET /api/actions/connector_types": ok(strings.ReplaceAll(body, `"id"`, `"x"`)),
				"POST one":                         ok(single),
			}}
			k := s.client(t, "")
			connectors, settings, cases := k.Connectors(".index"), k.CaseSettings(), record.Record{ID: "cases"}
			for what, err := range map[string]error{
				"reading a connector":      second(connectors.Read(t.Context(), have, nil)),
				"finding connectors":       second(connectors.Find(t.Context(), record.Match{}, nil, 1)),
				"deleting a connector":     second(connectors.Delete(t.Context(), have, record.Options{})),
				"getting a connector":      second(k.Get(t.Context(), DefaultSpace, id)),
				"listing types":            second(k.Types(t.Context(), DefaultSpace)),
				"running a connector":      second(k.Run(t.Context(), DefaultSpace, id, nil, false)),
				"reading case settings":    second(settings.Read(t.Context(), cases, nil)),
				"creating case settings":   second(settings.Create(t.Context(), record.Write{Record: cases})),
				"resetting case settings":  second(settings.Delete(t.Context(), cases, record.Options{})),
				"changing case settings":   second(settings.Update(t.Context(), cases, record.Write{})),
				"checking for a duplicate": second(connectors.Create(t.Context(), named("n"))),
			} {
				if err == nil || errors.Is(err, record.ErrNotFound) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if n := s.count("POST /api/cases/configure"); n > 0 {
				t.Error("a POST would have wiped the settings")
			}
			k.SingleReads = true
			if _, err := connectors.Read(t.Context(), have, nil); err == nil || errors.Is(err, record.ErrNotFound) {
				t.Errorf("reading a connector alone: %v", err)
			}
		})
	}
}

func second[V any](_ V, err error) error { return err }

// TestCreateWithoutAnID resolves a 200 that holds no connector by looking for the id that the POST carried.
func TestCreateWithoutAnID(t *testing.T) {
	t.Parallel()
	const id = "7a0d8f3e-0000-4000-8000-000000000001"
	for name, body := range map[string]string{"an object": `{}`, "null": `null`, "no id": `{"name": "one"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{answers: map[string][]scriptedAnswer{
				listRequest: ok(`[]`), "POST one": ok(body),
				one: ok(`{"id": "` + id + `", "name": "one", "connector_type_id": ".index", "config": {"index": "one"}}`),
			}}
			want := named("one")
			want.ID = id
			got, err := s.client(t, "").Connectors(".index").Create(t.Context(), want)
			if err != nil || got.ID != id || s.count("POST one") != 1 {
				t.Errorf("made %v by %v, %v", got.Record, s.sent, err)
			}
		})
	}
}

// TestDeletesAreVerified asks after a delete whether the connector is gone.
func TestDeletesAreVerified(t *testing.T) {
	t.Parallel()
	const there = `[{"id": "a", "name": "n", "connector_type_id": ".index", "config": {}}]`
	gone := scriptedAnswer{http.StatusNotFound, `{"statusCode": 404, "error": "Not Found", "message": "gone"}`}
	for name, test := range map[string]struct {
		answer scriptedAnswer
		list   []scriptedAnswer
		want   string
	}{
		"gone":             {scriptedAnswer{status: http.StatusNoContent}, ok(`[]`), ""},
		"gone before":      {gone, ok(`[]`), ""},
		"still there":      {scriptedAnswer{status: http.StatusNoContent}, ok(there), "still there"},
		"an odd list once": {scriptedAnswer{status: http.StatusNoContent}, slices.Concat(ok(`{}`), ok(`[]`)), ""},
		"404, still there": {gone, ok(there), "still there"},
		"404 to the list":  {scriptedAnswer{status: http.StatusNoContent}, []scriptedAnswer{gone}, "proves nothing"},
		"404 to all":       {gone, []scriptedAnswer{gone}, "kibana.url has a wrong base path"},
		"refused": {
			scriptedAnswer{http.StatusForbidden, `{"statusCode": 403, "error": "Forbidden", "message": "no"}`}, ok(`[]`), "403",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{answers: map[string][]scriptedAnswer{"DELETE one": {test.answer}, listRequest: test.list}}
			_, err := s.client(t, "").Connectors(".index").Delete(t.Context(), record.Record{ID: "a"}, record.Options{})
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestMissingSpacesAreProven takes what lies in a space for gone where a 404 to the space and the list of spaces, or a
// Kibana that says who it is, prove that the space is. A proxy that answers 404 to everything proves nothing.
func TestMissingSpacesAreProven(t *testing.T) {
	t.Parallel()
	notFound := []scriptedAnswer{refused(http.StatusNotFound)}
	for name, test := range map[string]struct {
		space, spaces []scriptedAnswer
		status        string
		gone          bool
	}{
		"deleted":             {notFound, ok(`[{"id": "default"}]`), "", true},
		"404 to everything":   {notFound, notFound, "", false},
		"there":               {ok(`{"id": "ops"}`), ok(`[{"id": "ops"}]`), "", false},
		"there, not seen":     {[]scriptedAnswer{refused(http.StatusForbidden)}, ok(`[{"id": "default"}]`), "", false},
		"listed all the same": {notFound, ok(`[{"id": "default"}, {"id": "ops"}]`), "", false},
		"the list is refused": {notFound, []scriptedAnswer{refused(http.StatusForbidden)}, "", false},
		"an empty list":       {notFound, ok(`[]`), "", false},
		"an odd list":         {notFound, ok(`{}`), "", false},
		"an odd row":          {notFound, ok(`[{"id": "default"}, {}]`), "", false},
		"the list is refused by a Kibana": {
			notFound, []scriptedAnswer{refused(http.StatusForbidden)}, `{"version": {"number": "9.1.0"}}`, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{answers: map[string][]scriptedAnswer{
				"GET /api/spaces/space/ops": test.space, "GET /api/spaces/space": test.spaces,
			}}
			s.answers["GET /api/status"] = notFound
			if test.status != "" {
				s.answers["GET /api/status"] = ok(test.status)
			}
			k, alone := s.client(t, "ops"), s.client(t, "ops")
			alone.SingleReads = true
			have, cases := record.Record{ID: "a"}, record.Record{ID: "cases"}
			for what, err := range map[string]error{
				"reading a connector":       second(k.Connectors(".index").Read(t.Context(), have, nil)),
				"reading a connector alone": second(alone.Connectors(".index").Read(t.Context(), have, nil)),
				"reading case settings":     second(k.CaseSettings().Read(t.Context(), cases, nil)),
			} {
				if err == nil || errors.Is(err, record.ErrNotFound) != test.gone {
					t.Errorf("%s: %v", what, err)
				}
			}
			for what, err := range map[string]error{
				"deleting a connector":    second(k.Connectors(".index").Delete(t.Context(), have, record.Options{})),
				"resetting case settings": second(k.CaseSettings().Delete(t.Context(), cases, record.Options{})),
			} {
				if (err == nil) != test.gone || err != nil && !strings.Contains(err.Error(), "proves nothing") {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

// TestReadsAloneAskTheListToo confirms by the list that a connector is gone which a GET does not find.
func TestReadsAloneAskTheListToo(t *testing.T) {
	t.Parallel()
	const there = `{"id": "a", "name": "n", "connector_type_id": ".index", "config": {}}`
	for name, test := range map[string]struct {
		one, list []scriptedAnswer
		gone      bool
		lists     int
	}{
		"there":                {ok(there), nil, false, 0},
		"gone":                 {nil, ok(`[]`), true, 1},
		"made in the meantime": {nil, ok(`[` + there + `]`), false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{answers: map[string][]scriptedAnswer{one: test.one, listRequest: test.list}}
			k := s.client(t, "")
			k.SingleReads = true
			got, err := k.Connectors(".index").Read(t.Context(), record.Record{ID: "a"}, nil)
			if errors.Is(err, record.ErrNotFound) != test.gone || !test.gone && (err != nil || got.ID != "a") {
				t.Errorf("read %v, %v", got.ID, err)
			}
			if n := s.count(listRequest); n != test.lists {
				t.Errorf("%d lists", n)
			}
		})
	}
}

// TestFormerConnectorsAreNotLostByA404 restores no settings while the list of connectors is answered with 404: the
// connector that they named would be taken for gone.
func TestFormerConnectorsAreNotLostByA404(t *testing.T) {
	t.Parallel()
	settings := ok(`[{"id": "one", "version": "1", "owner": "cases", "closure_type": "close-by-user",
		"connector": {"id": "none", "name": "none", "type": ".none", "fields": null}}]`)
	for name, test := range map[string]struct {
		list []scriptedAnswer
		want string
	}{
		"a 404":     {nil, "looking for connector jira"},
		"not in it": {ok(`[]`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{answers: map[string][]scriptedAnswer{"GET /api/cases/configure": settings, listRequest: test.list}}
			have := record.Record{ID: "cases", Found: map[string]string{
				closureColumn: closeByUser, "connector_id": "jira", "connector": `{"id": "jira", "name": "Jira", "type": ".jira"}`,
			}}
			_, err := s.client(t, "").CaseSettings().Delete(t.Context(), have, record.Options{})
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestRunsThatFailWithoutWords say so.
func TestRunsThatFailWithoutWords(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`{"status": "ok"}`:                                     "",
		`{"status": "error"}`:                                  "does not say why",
		`{"status": "error", "message": " "}`:                  "does not say why",
		`{"status": "error", "message": "no"}`:                 "no",
		`{"status": "error", "service_message": "no, thanks"}`: "",
	} {
		s := &scripted{answers: map[string][]scriptedAnswer{"POST one": ok(answer)}}
		run, err := s.client(t, "").Run(t.Context(), DefaultSpace, "a", nil, false)
		if err != nil || !strings.Contains(run.Message, want) || want == "" && run.Message != "" {
			t.Errorf("%s: %+v, %v", answer, run, err)
		}
	}
}

// TestManyVanishedConnectors tells deletions from the wrong Kibana.
func TestManyVanishedConnectors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rows   string
		accept bool
		want   bool
	}{
		"none is there":     {`[]`, false, true},
		"they are accepted": {`[]`, true, false},
		"one is there":      {`[{"id": "there", "name": "n", "connector_type_id": ".index", "config": {}}]`, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := (&scripted{answers: map[string][]scriptedAnswer{listRequest: ok(test.rows)}}).client(t, "")
			k.AcceptVanished = test.accept
			s := k.Connectors(".index")
			_, _ = s.Read(t.Context(), record.Record{ID: "there"}, nil)
			var last error
			for _, id := range []string{"a", "b", "c", "d", "e"} {
				_, last = s.Read(t.Context(), record.Record{ID: id}, nil)
			}
			if errors.As(last, new(*record.VanishedError)) != test.want || !test.want && !errors.Is(last, record.ErrNotFound) {
				t.Errorf("the error is %v", last)
			}
		})
	}
}

// TestSpaces asks for a space once, and takes only Kibana's own 404 for a proof.
func TestSpaces(t *testing.T) {
	t.Parallel()
	const path = "GET /api/spaces/space/ops"
	for name, test := range map[string]struct {
		answer  scriptedAnswer
		missing bool
		asked   int // by two plans and two creates
	}{
		"there":      {scriptedAnswer{http.StatusOK, `{"id": "ops", "name": "Ops"}`}, false, 1},
		"not there":  {refused(http.StatusNotFound), true, 3},
		"forbidden":  {refused(http.StatusForbidden), false, 1},
		"broken":     {refused(http.StatusInternalServerError), false, 1},
		"by a proxy": {scriptedAnswer{http.StatusNotFound, `nothing here`}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{answers: map[string][]scriptedAnswer{
				path: {test.answer}, "GET /s/ops/api/actions/connectors": ok(`[]`),
			}}
			k := s.client(t, "ops")
			for range 2 {
				if missing := k.SpaceMissing(t.Context(), "ops"); missing != test.missing {
					t.Errorf("missing is %v", missing)
				}
			}
			for range 2 {
				_, err := k.Connectors(".index").Create(t.Context(), named("one"))
				if err == nil || strings.Contains(err.Error(), "space_id") != test.missing {
					t.Errorf("the create ended with %v", err)
				}
				_, err = k.CaseSettings().Create(t.Context(), record.Write{Record: record.Record{ID: "cases"}})
				if strings.Contains(err.Error(), "space_id") != test.missing {
					t.Errorf("the create of case settings ended with %v", err)
				}
			}
			if asked := s.count(path); asked != test.asked && !test.missing {
				t.Errorf("asked %d times", asked)
			}
		})
	}
	s := &scripted{}
	if s.client(t, "").SpaceMissing(t.Context(), DefaultSpace) || len(s.sent) > 0 {
		t.Error("the default space is asked for")
	}
}

// TestLicenseRefusals say which license a type needs and which one there is.
func TestLicenseRefusals(t *testing.T) {
	t.Parallel()
	const refusal = `{"statusCode": 403, "error": "Forbidden", "message": "Action type .servicenow is disabled because ` +
		`your basic license does not support it. Please upgrade your license."}`
	for name, test := range map[string]struct{ types, want string }{
		"with types": {
			`[{"id": ".servicenow", "minimum_license_required": "platinum"}]`,
			"need the license platinum or higher, and this Kibana has basic",
		},
		"without types": {`{}`, "need the license a higher one, and this Kibana has basic"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{answers: map[string][]scriptedAnswer{
				listRequest: ok(`[]`), "POST one": {{http.StatusForbidden, refusal}},
				"GET /api/actions/connector_types": ok(test.types),
			}}
			_, err := s.client(t, "").Connectors(".servicenow").Create(t.Context(), named("one"))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestVersionHasTheCallersDeadline lets one caller give up while another one waits for the same answer.
func TestVersionHasTheCallersDeadline(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	config := resttest.BasicConfig(resttest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		<-hold
		resttest.AnswerJSON(w, http.StatusOK, `{"version": {"number": "8.8.0"}}`)
	}))
	k, err := New(config, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.endpoint.Close)
	patient := make(chan error, 1)
	go func() {
		version, err := k.Version(t.Context())
		if err == nil && version.String() != "8.8" {
			err = errors.New("version " + version.String())
		}
		patient <- err
	}()
	hasty, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := k.Version(hasty); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the hasty caller got %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("a limit of 100 ms took %v", took)
	}
	close(hold)
	if err := <-patient; err != nil {
		t.Errorf("the patient caller got %v", err)
	}
}

// TestJoinedStartsAnewWhenAllGaveUp asks again after the only caller of a request has gone.
func TestJoinedStartsAnewWhenAllGaveUp(t *testing.T) {
	t.Parallel()
	var j joined
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{})
	go func() {
		<-started
		cancel()
	}()
	_, err := j.do(ctx, "k", func(ctx context.Context) (any, error) {
		close(started)
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the caller got %v", err)
	}
	<-ended // the request ends with its last caller
	got, err := j.do(t.Context(), "k", func(context.Context) (any, error) { return "anew", nil })
	if got != "anew" || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}
