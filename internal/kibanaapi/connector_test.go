package kibanaapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest/resttest"
)

// fakeKibana keeps connectors of Kibana 9.4, and counts and may hold up its lists.
type fakeKibana struct {
	mu         sync.Mutex
	connectors []map[string]any
	lists      atomic.Int32
	gets       atomic.Int32
	versions   atomic.Int32
	version    string
	hold       chan struct{} // when not nil, lists wait until it is closed
	asked      chan struct{} // gets a signal for each list that is held up
}

func (f *fakeKibana) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply := func(status int, body any) {
		data, _ := json.Marshal(body)
		resttest.AnswerJSON(w, status, string(data))
	}
	id := strings.TrimPrefix(r.URL.Path, "/api/actions/connector/")
	f.mu.Lock()
	defer f.mu.Unlock()
	at := slices.IndexFunc(f.connectors, func(c map[string]any) bool { return c["id"] == id })
	switch {
	case r.URL.Path == "/api/status":
		f.versions.Add(1)
		reply(http.StatusOK, map[string]any{"version": map[string]any{"number": f.version}})
	case r.URL.Path == "/api/actions/connectors":
		f.lists.Add(1)
		rows := append([]map[string]any{}, f.connectors...)
		if f.hold != nil {
			f.mu.Unlock()
			f.asked <- struct{}{}
			<-f.hold
			f.mu.Lock()
		}
		reply(http.StatusOK, rows)
	case r.Method == http.MethodPost:
		var c map[string]any
		_ = json.NewDecoder(r.Body).Decode(&c)
		c["id"] = id
		f.connectors = append(f.connectors, c)
		reply(http.StatusOK, c)
	case at < 0:
		reply(http.StatusNotFound, map[string]any{"statusCode": 404, "error": "Not Found", "message": "not found"})
	case r.Method == http.MethodDelete:
		f.connectors = slices.Delete(f.connectors, at, at+1)
		w.WriteHeader(http.StatusNoContent)
	default:
		f.gets.Add(1)
		reply(http.StatusOK, f.connectors[at])
	}
}

func newFakeKibana(t *testing.T, f *fakeKibana) *Client {
	t.Helper()
	k, err := New(resttest.BasicConfig(resttest.Serve(t, f.ServeHTTP)), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.endpoint.Close)
	return k
}

func named(name string) record.Write {
	return record.Write{
		Record: record.Record{Values: map[string]any{"name": name, "config.index": name}}, Key: []string{"name"},
	}
}

// each calls f n times at once and collects the errors.
func each(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func TestCreatesAndReadsShareOneList(t *testing.T) {
	t.Parallel()
	f := &fakeKibana{version: "9.4.0"}
	s := newFakeKibana(t, f).Connectors(".index")
	made := make([]record.Answer, 50)
	err := each(len(made), func(i int) (err error) {
		made[i], err = s.Create(t.Context(), named(fmt.Sprint("c", i)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if lists := f.lists.Load(); lists != 1 {
		t.Errorf("50 creates took %d lists", lists)
	}
	err = each(len(made), func(i int) error {
		got, err := s.Read(t.Context(), made[i].Record, nil)
		if err == nil && record.Text(got.Values["config.index"]) != fmt.Sprint("c", i) {
			return fmt.Errorf("read %v", got.Values)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if lists, gets := f.lists.Load(), f.gets.Load(); lists != 2 || gets != 0 {
		t.Errorf("50 reads took %d lists and %d single requests", lists-1, gets)
	}
	if f.versions.Load() != 1 {
		t.Errorf("the version was asked for %d times", f.versions.Load())
	}
}

func TestOwnWritesAreSeenAtOnce(t *testing.T) {
	t.Parallel()
	f := &fakeKibana{version: "9.4.0"}
	s := newFakeKibana(t, f).Connectors(".index")
	one, err := s.Create(t.Context(), named("one"))
	if err != nil {
		t.Fatal(err)
	}
	var exists *record.ExistsError
	if _, err := s.Create(t.Context(), named("one")); !errors.As(err, &exists) || exists.IDs[0] != one.ID {
		t.Errorf("a second connector of the name: %v", err)
	}
	if _, err := s.Read(t.Context(), one.Record, nil); err != nil { // fills the snapshot
		t.Fatal(err)
	}
	if _, err := s.Delete(t.Context(), one.Record, record.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(t.Context(), one.Record, nil); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("reading what was deleted: %v", err)
	}
	if _, err := s.Create(t.Context(), named("one")); err != nil {
		t.Errorf("the name is free again: %v", err)
	}
}

// TestListInFlight holds a list up while a connector is made: who asks after that must hear of it.
func TestListInFlight(t *testing.T) {
	t.Parallel()
	f := &fakeKibana{version: "9.4.0", hold: make(chan struct{}), asked: make(chan struct{}, 2)}
	k := newFakeKibana(t, f)
	k.DuplicateCheck = false
	s := k.Connectors(".index")
	first := make(chan error, 1)
	go func() {
		_, err := k.List(t.Context(), DefaultSpace)
		first <- err
	}()
	<-f.asked
	one, err := s.Create(t.Context(), named("one"))
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan error, 1)
	go func() {
		_, err := s.Read(t.Context(), one.Record, nil)
		second <- err
	}()
	<-f.asked
	close(f.hold)
	if err := errors.Join(<-first, <-second); err != nil {
		t.Error(err)
	}
	if f.gets.Load() != 0 {
		t.Errorf("the read took %d single requests", f.gets.Load())
	}
}

// TestListOutlivesItsFirstCaller cancels the caller that began a list while another one waits for it.
func TestListOutlivesItsFirstCaller(t *testing.T) {
	t.Parallel()
	f := &fakeKibana{version: "9.4.0", hold: make(chan struct{}), asked: make(chan struct{}, 2)}
	k := newFakeKibana(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	canceled, served := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := k.List(ctx, DefaultSpace)
		canceled <- err
	}()
	<-f.asked
	go func() {
		_, err := k.List(t.Context(), DefaultSpace)
		served <- err
	}()
	waiters := func() int {
		k.lists.mu.Lock()
		defer k.lists.mu.Unlock()
		return k.lists.spaces[DefaultSpace].flight.waiters
	}
	for waiters() < 2 {
		runtime.Gosched() // until the second caller has joined
	}
	cancel()
	if err := <-canceled; !errors.Is(err, context.Canceled) {
		t.Errorf("the canceled caller got %v", err)
	}
	close(f.hold)
	if err := <-served; err != nil {
		t.Error(err)
	}
	if f.lists.Load() != 1 {
		t.Errorf("%d lists were asked for", f.lists.Load())
	}
}

// TestVersionBehindAProxy takes a 401 to /api/status alone for a version that is not told: the credentials are good.
func TestVersionBehindAProxy(t *testing.T) {
	t.Parallel()
	config := resttest.BasicConfig(resttest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/status" {
			resttest.AnswerJSON(w, http.StatusUnauthorized, `{"statusCode": 401, "error": "Unauthorized"}`)
			return
		}
		resttest.AnswerJSON(w, http.StatusOK, `[]`)
	}))
	k, err := New(config, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.endpoint.Close)
	if got, err := k.Version(t.Context()); err != nil || got.String() != "9.4" {
		t.Errorf("version %s, %v", got, err)
	}
}

func TestKibanaVersion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   string // empty: an error
	}{
		"release":       {200, `{"version": {"number": "7.17.3"}}`, "7.17"},
		"snapshot":      {200, `{"version": {"number": "8.8.0-SNAPSHOT", "build_flavor": "traditional"}}`, "8.8"},
		"serverless":    {200, `{"version": {"number": "8.0.0", "build_flavor": "serverless"}}`, "9.4"},
		"redacted":      {200, `{"status": {"overall": {"level": "available"}}}`, "9.4"},
		"forbidden":     {403, `{"statusCode": 403, "error": "Forbidden", "message": "no"}`, "9.4"},
		"unlisted":      {404, `{"statusCode": 404, "error": "Not Found", "message": "no"}`, "9.4"},
		"not offered":   {400, `{"statusCode": 400, "error": "Bad Request", "message": "not available"}`, "9.4"},
		"no number":     {200, `{"version": {"number": "next"}}`, ""},
		"not logged in": {401, `{"statusCode": 401, "error": "Unauthorized", "message": "Unauthorized"}`, ""},
		"one plugin down": {
			503, `{"version": {"number": "8.19.2"}, "status": {"overall": {"level": "unavailable"}}}`, "8.19",
		},
		"still degraded": {503, `{"status": {"overall": {"level": "unavailable"}}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			config := resttest.BasicConfig(resttest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				resttest.AnswerJSON(w, test.status, test.body)
			}))
			config.HTTP.MaxRetries = 0
			k, err := New(config, "")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(k.endpoint.Close)
			for range 2 {
				got, err := k.Version(t.Context())
				if (err != nil) != (test.want == "") || err == nil && got.String() != test.want {
					t.Errorf("version %s, %v; want %q", got, err, test.want)
				}
			}
			want := int32(1)
			if test.status == http.StatusUnauthorized {
				want = 2 // whether it is about the credentials
			}
			if asked.Load() != want {
				t.Errorf("asked %d times", asked.Load())
			}
		})
	}
}

// TestCreateResolvesWhatBecameOfIt loses answers and meets ids that are taken.
func TestCreateResolvesWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	const chosen = "7a0d8f3e-0000-4000-8000-000000000001"
	ours := `{"id": "` + chosen + `", "name": "one", "connector_type_id": ".index",
		"config": {"index": "one", "refresh": false}}`
	theirs := strings.Replace(ours, `"index": "one"`, `"index": "two"`, 1)
	gone := `{"statusCode": 404, "error": "Not Found", "message": "gone"}`
	conflict := `{"statusCode": 409, "error": "Conflict", "message": "conflict"}`
	type step struct {
		status int // 0: the connection is cut
		body   string
	}
	for name, test := range map[string]struct {
		id           string
		posts, gets  []step
		want         string // in the error; empty: it is made
		wantRequests int
	}{
		"made":                      {chosen, []step{{200, ours}}, nil, "", 1},
		"lost and made":             {chosen, []step{{}}, []step{{200, ours}}, "", 2},
		"lost and not made":         {chosen, []step{{}, {200, ours}}, []step{{404, gone}, {200, ours}}, "", 4},
		"lost, and somebody else's": {chosen, []step{{}}, []step{{200, theirs}}, "that of another connector", 2},
		"lost, and cannot be told":  {chosen, []step{{}}, []step{{403, gone}}, "could not be found out", 2},
		"chosen and taken":          {chosen, []step{{409, conflict}}, nil, "is taken", 1},
		"lost, resent, conflict":    {chosen, []step{{}, {409, conflict}}, []step{{404, gone}, {200, ours}}, "", 4},
		"generated and conflict": {
			"", []step{{409, conflict}, {409, conflict}}, []step{{404, gone}, {404, gone}}, "409", 4,
		},
		"refused": {chosen, []step{{400, `{"statusCode": 400, "message": "no"}`}}, nil, "no", 1},
		"generated, lost, and kept in another way": {"", []step{{}}, []step{{200, theirs}}, "", 2},
		"generated, lost, and of another type": {
			"", []step{{}}, []step{{200, strings.Replace(ours, ".index", ".webhook", 1)}}, "that of another connector", 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			requests := 0
			next := func(steps *[]step) step {
				mu.Lock()
				defer mu.Unlock()
				requests++
				if len(*steps) == 0 {
					t.Error("a request too many")
					return step{500, "{}"}
				}
				first := (*steps)[0]
				*steps = (*steps)[1:]
				return first
			}
			config := resttest.BasicConfig(resttest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
				var s step
				switch {
				case r.URL.Path == "/api/status":
					s = step{200, `{"version": {"number": "9.4.0"}}`}
				case r.Method == http.MethodPost:
					s = next(&test.posts)
				default:
					s = next(&test.gets)
				}
				if s.status == 0 {
					panic(http.ErrAbortHandler)
				}
				if test.id == "" {
					s.body = strings.ReplaceAll(s.body, chosen, path.Base(r.URL.Path))
				}
				resttest.AnswerJSON(w, s.status, s.body)
			}))
			k, err := New(config, "")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(k.endpoint.Close)
			k.DuplicateCheck, k.Patience = false, 0
			want := named("one")
			want.ID = test.id
			got, err := k.Connectors(".index").Create(t.Context(), want)
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "several") {
				t.Errorf("one connector counts as several: %v", err)
			}
			if err == nil && (got.ID == "" || test.id != "" && got.ID != chosen) {
				t.Errorf("made %+v", got)
			}
			if requests != test.wantRequests {
				t.Errorf("%d requests, want %d", requests, test.wantRequests)
			}
		})
	}
}

// TestSecretsStayOutOfErrors lets Kibana quote the secrets that it was sent.
func TestSecretsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	config := resttest.BasicConfig(resttest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/status" {
			resttest.AnswerJSON(w, http.StatusOK, `{"version": {"number": "9.4.0"}}`)
			return
		}
		resttest.AnswerJSON(w, http.StatusBadRequest, `{"statusCode": 400, "error": "Bad Request",
			"message": "cannot use canary-one nor canary-two nor canary-three"}`)
	}))
	k, err := New(config, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.endpoint.Close)
	k.DuplicateCheck = false
	want := named("one")
	want.Secrets = map[string]record.Secret{
		"apiToken": {Value: "canary-one", Send: true},
		"secrets":  {Value: `{"password": "canary-two", "nested": {"list": ["canary-three"]}}`, Send: true},
	}
	_, err = k.Connectors(".index").Create(t.Context(), want)
	if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "cannot use") {
		t.Errorf("the error is %v", err)
	}
	want.Secrets["secrets"] = record.Secret{Value: `{"password": "canary-two"`, Send: true}
	if _, err = k.Connectors(".index").Create(t.Context(), want); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("the error is %v", err)
	}
}

// TestKeysFollowTheRelease holds what is sent to each release, and what is refused because it does not know it.
func TestKeysFollowTheRelease(t *testing.T) {
	t.Parallel()
	mapping := []any{map[string]any{"source": "title", "target": "summary", "actionType": "overwrite"}}
	for name, test := range map[string]struct {
		typeID, version string
		values          map[string]any
		want            string // JSON, or a part of the error
	}{
		"7.7 mapping": {
			".servicenow", "7.7.0",
			map[string]any{"case_field_mappings": mapping},
			`{"casesConfiguration":{"mapping":[{"actionType":"overwrite","source":"title","target":"summary"}]}}`,
		},
		"7.9 mapping": {
			".servicenow", "7.9.0",
			map[string]any{"case_field_mappings": mapping},
			`{"incidentConfiguration":{"mapping":[{"actionType":"overwrite","source":"title","target":"summary"}]},` +
				`"isCaseOwned":true}`,
		},
		"7.9 jira mapping": {
			".jira", "7.9.0",
			map[string]any{"case_field_mappings": mapping},
			`{"casesConfiguration":{"mapping":[{"actionType":"overwrite","source":"title","target":"summary"}]}}`,
		},
		"7.10 mapping":    {".jira", "7.10.0", map[string]any{"case_field_mappings": mapping}, `since Kibana 7.10`},
		"7.15 no key":     {".servicenow", "7.15.0", map[string]any{"config.usesTableApi": false}, `{}`},
		"7.15 key":        {".servicenow", "7.15.0", map[string]any{"config.usesTableApi": true}, `needs Kibana 7.16`},
		"7.16 key":        {".servicenow", "7.16.0", map[string]any{"config.usesTableApi": false}, `{"usesTableApi":false}`},
		"8.2 no OAuth":    {".servicenow", "8.2.0", map[string]any{"config.isOAuth": false, "config.clientId": nil}, `{}`},
		"8.2 OAuth":       {".servicenow", "8.2.0", map[string]any{"config.isOAuth": true}, `needs Kibana 8.3`},
		"8.3 OAuth":       {".servicenow", "8.3.0", map[string]any{"config.isOAuth": true}, `{"isOAuth":true}`},
		"swimlane":        {".swimlane", "9.4.0", map[string]any{"config.appId": "a"}, `{"appId":"a","mappings":{}}`},
		"whole and a key": {".x", "9.4.0", map[string]any{"config": map[string]any{"a": 1}, "config.b": 2}, `{"a":1,"b":2}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newFakeKibana(t, &fakeKibana{version: test.version})
			routes, err := k.routes(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			config, err := k.Connectors(test.typeID).config(routes, record.Record{Values: test.values})
			got, _ := json.Marshal(config)
			if err != nil {
				got = []byte(err.Error())
			}
			if err == nil && string(got) != test.want || err != nil && !strings.Contains(string(got), test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
