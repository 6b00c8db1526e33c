package fault_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
)

func TestAddressing(t *testing.T) {
	t.Parallel()
	const id = "0123456789abcdef0123456789abcdef"
	for name, test := range map[string]struct {
		rule        fault.Rule
		method      string
		path        string
		body        string
		want, other bool // whether it is hit; whether other, a GET of /api/now/table/other, is
	}{
		"everything":        {rule: fault.Rule{}, method: "POST", path: "/a", want: true, other: true},
		"method":            {rule: fault.Rule{Method: "POST"}, method: "POST", path: "/a", want: true},
		"path":              {rule: fault.Rule{Path: "/a"}, method: "GET", path: "/a", want: true},
		"path is exact":     {rule: fault.Rule{Path: "/a"}, method: "GET", path: "/a/b"},
		"prefix":            {rule: fault.Rule{PathPrefix: "/a/"}, method: "GET", path: "/a/b", want: true},
		"regexp":            {rule: fault.Rule{PathRegexp: `_rule(/|$)`}, method: "GET", path: "/sys_rule", want: true},
		"body":              {rule: fault.Rule{BodyContains: ":1"}, method: "POST", path: "/a", body: `{"x":1}`, want: true},
		"another body":      {rule: fault.Rule{BodyContains: "y"}, method: "POST", path: "/a", body: `{"x":1}`},
		"route":             {rule: fault.Rule{Route: "GET /t/{id}"}, method: "GET", path: "/t/" + id, want: true},
		"route of a method": {rule: fault.Rule{Route: "GET /t/{id}"}, method: "DELETE", path: "/t/" + id},
		"all at once": {
			rule:   fault.Rule{Method: "POST", Path: "/a", PathPrefix: "/", PathRegexp: "^/a$", BodyContains: "b"},
			method: "POST", path: "/a", body: "b", want: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tg := start(t, nil)
			test.rule.Kind = fault.Status
			tg.add(t, test.rule)
			r, _, err := tg.send(t.Context(), test.method, test.path, test.body)
			if hit := r.StatusCode == http.StatusServiceUnavailable; err != nil || hit != test.want {
				t.Errorf("hit is %t, want %t (%v)", hit, test.want, err)
			}
			r, _, err = tg.send(t.Context(), "GET", "/api/now/table/other", "")
			if hit := r.StatusCode == http.StatusServiceUnavailable; err != nil || hit != test.other {
				t.Errorf("the other request: hit is %t, want %t (%v)", hit, test.other, err)
			}
		})
	}
}

// TestRulesThatWouldDoNothing: a rule without effect makes the test that uses it green.
func TestRulesThatWouldDoNothing(t *testing.T) {
	t.Parallel()
	injector := fault.New(fault.Options{})
	for text, rule := range map[string]fault.Rule{
		"unknown kind":               {Kind: "x"},
		"needs delay_ms":             {Kind: fault.LateCommit, Status: 504},
		"needs either shape or body": {Kind: fault.Answer},
		"unknown shape":              {Kind: fault.Answer, Shape: "x"},
		"use \"commit_then_answer\"": {Kind: fault.Answer, Shape: fault.Truncated},
		"needs columns":              {Kind: fault.Withhold},
		"syntax error in pattern":    {Kind: fault.Withhold, Columns: []string{"["}},
		"path_regexp":                {Kind: fault.Reset, PathRegexp: "("},
		"unknown quote":              {Kind: fault.Status, Quote: "x"},
		"quote has no effect":        {Kind: fault.Reset, Quote: fault.Raw},
		"quote replaces body":        {Kind: fault.Status, Quote: fault.Raw, Body: "x"},
		"shape has no effect":        {Kind: fault.Status, Shape: fault.Null},
		"status has no effect":       {Kind: fault.Reset, Status: 500},
		"echo has no effect":         {Kind: fault.Reset, Echo: true},
		"delay_ms has no effect":     {Kind: fault.Status, DelayMS: 1},
		"cannot be negative":         {Kind: fault.Reset, Skip: -1},
		"not an HTTP status":         {Kind: fault.Status, Status: 101},
	} {
		if _, err := injector.Add(rule); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: %v, want %q", rule, err, text)
		}
	}
	if rules := injector.Rules(); len(rules) != 0 {
		t.Errorf("rules %v", rules)
	}
}

func TestLateCommits(t *testing.T) {
	t.Parallel()
	const delay = 400
	for name, test := range map[string]struct {
		rule   fault.Rule
		status int
		err    error
	}{
		"answered":                {fault.Rule{Kind: fault.LateCommit, Status: 504, DelayMS: delay}, 504, nil},
		"dropped":                 {fault.Rule{Kind: fault.LateCommit, DelayMS: delay}, 0, io.EOF},
		"nobody waits any longer": {fault.Rule{Kind: fault.SlowCommit, DelayMS: delay}, 0, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tg := start(t, nil)
			var got atomic.Value
			tg.handler = func(_ http.ResponseWriter, r *http.Request) {
				sent, err := io.ReadAll(r.Body)
				got.Store(fmt.Sprint(r.Method, r.URL.Path, string(sent), err, r.Context().Err()))
			}
			tg.add(t, test.rule)
			ctx, cancel := context.WithCancel(t.Context())
			if test.err == context.DeadlineExceeded { //nolint:errorlint // the table's own value
				ctx, cancel = context.WithTimeout(t.Context(), delay/2*time.Millisecond)
			}
			defer cancel()
			r, _, err := tg.send(ctx, "POST", "/a", "text")
			if !errors.Is(err, test.err) || r.StatusCode != test.status {
				t.Errorf("%v %v", r, err)
			}
			if n := tg.handled.Load(); n != 0 {
				t.Errorf("handled %d times before the answer", n)
			}
			tg.Settle()
			if n := tg.handled.Load(); n != 1 || got.Load() != "POST/atext<nil> <nil>" {
				t.Errorf("handled %d times: %v", n, got.Load())
			}
		})
	}
	tg := start(t, nil)
	tg.add(t, fault.Rule{Kind: fault.SlowCommit, DelayMS: 1})
	r, text, err := tg.send(t.Context(), "POST", "/", "")
	if err != nil || r.StatusCode != http.StatusCreated || text != body {
		t.Errorf("%v %s %v: who waits gets the answer", r, text, err)
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	const list = `{"result":[{"name":"a","sys_id":"09af"},{"name":"b","sys_id":"11"}]}`
	const one = `{"result":{"sys_id":"09af"}}`
	const bare, object, none = `[{"id":"1","name":"a"}]`, `{"id":"1"}`, `{"result":[]}`
	for _, test := range []struct {
		shape      fault.Shape
		from, want string
		count      string // X-Total-Count, where the server said 2
	}{
		{fault.EmptyBody, list, "", ""},
		{fault.ResultNull, list, `{"result":null}`, ""},
		{fault.BareList, bare, `[]`, ""},
		{fault.TrailingGarbage, object, `{"id":"1"}` + "\n<!-- served by node-7 -->{}", "2"},
		{fault.Truncated, object, `{"id"`, "2"},
		{fault.WithoutID, list, `{"result":[{"name":"a"},{"name":"b"}]}`, "2"},
		{fault.WithoutID, bare, `[{"name":"a"}]`, "2"},
		{fault.WithoutID, object, `{}`, "2"},
		{fault.NullRow, one, `{"result":null}`, "2"},
		{fault.NullRow, bare, `[null]`, "2"},
		{fault.NullRow, none, `{"result":[null]}`, "3"},
		{fault.NumberRow, list, `{"result":[7,{"name":"b","sys_id":"11"}]}`, "2"},
		{fault.ForeignRows, one, `{"result":{"sys_id":"1ab0"}}`, "2"},
		{fault.ForeignRows, bare, `[{"id":"2","name":"a"}]`, "2"},
		{fault.ExtraRow, bare, `[{"id":"1","name":"a"},{"id":"2","name":"a"}]`, "3"},
		{fault.ExtraRow, object, `{"id":"1"}`, "2"},
		{fault.DoubledRows, bare, `[{"id":"1","name":"a"},{"id":"1","name":"a"}]`, "2"},
		{fault.WithoutCount, list, list, ""},
		{fault.WrongCount, list, list, "3"},
		{fault.HiddenRows, list, none, "2"},
		{fault.NoRows, list, none, "0"},
		{fault.NoRows, bare, `[]`, "0"},
		{fault.NoRows, one, one, "0"},
		{fault.NullRow, "no JSON", "no JSON", "2"},
	} {
		t.Run(fmt.Sprint(test.shape, " of ", test.from), func(t *testing.T) {
			t.Parallel()
			tg := start(t, nil)
			tg.handler = func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Total-Count", "2")
				if r.URL.Path == "/refused" {
					w.WriteHeader(http.StatusNotFound)
				}
				_, _ = io.WriteString(w, test.from)
			}
			tg.add(t, fault.Rule{Kind: fault.CommitThenAnswer, Shape: test.shape})
			r, text, err := tg.send(t.Context(), "GET", "/", "")
			if err != nil || r.StatusCode != http.StatusOK || text != test.want {
				t.Errorf("%d %s (%v), want %s", r.StatusCode, text, err, test.want)
			}
			if got := r.Header.Get("X-Total-Count"); got != test.count {
				t.Errorf("X-Total-Count %q, want %q", got, test.count)
			}
			if r, text, err := tg.send(t.Context(), "GET", "/refused", ""); err != nil || r.StatusCode != http.StatusNotFound ||
				text != test.from {
				t.Errorf("a refusal: %d %s (%v)", r.StatusCode, text, err)
			}
		})
	}
	tg := start(t, nil)
	tg.add(t, fault.Rule{Kind: fault.CommitThenAnswer, Shape: fault.CutOff, Count: 1})
	if _, text, err := tg.send(t.Context(), "GET", "/", ""); !errors.Is(err, io.ErrUnexpectedEOF) ||
		text != body[:len(body)/2] {
		t.Errorf("cut off: %s, %v", text, err)
	}
	tg.add(t, fault.Rule{Kind: fault.CommitThenAnswer, Shape: fault.WrongType, Count: 1})
	if r, text, err := tg.send(t.Context(), "GET", "/", ""); err != nil || text != body ||
		!strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		t.Errorf("wrong type: %v %s %v", r, text, err)
	}
	// A 204 cannot carry a body: the server that sends one anyway says 200.
	tg.handler = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	tg.add(t, fault.Rule{Kind: fault.CommitThenAnswer, Shape: fault.EmptyObject, Count: 1})
	r, text, err := tg.send(t.Context(), "DELETE", "/", "")
	if err != nil || r.StatusCode != http.StatusOK || text != "{}" {
		t.Errorf("a body for 204: %v %s %v", r, text, err)
	}
	tg.add(t, fault.Rule{
		Kind: fault.Answer, Body: "x", Status: 299, ContentType: "a/b", Header: map[string]string{"X-Y": "z"},
	})
	if r, text, err := tg.send(t.Context(), "GET", "/", ""); err != nil || r.StatusCode != 299 || text != "x" ||
		r.Header.Get("Content-Type") != "a/b" || r.Header.Get("X-Y") != "z" {
		t.Errorf("a text of the rule's own: %v %s %v", r, text, err)
	}
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	const value, typed = "<key>\n&\"a/b\"\\", `p<ss"w&rd`
	sent, err := json.Marshal(map[string]any{"a": []any{map[string]any{"secret": value}}})
	if err != nil {
		t.Fatal(err)
	}
	b64, pair := base64.StdEncoding.EncodeToString, []byte("kibana:"+typed)
	for encoding, want := range map[fault.Encoding][]string{
		fault.Raw:         {value, typed, "key of the header", string(sent), "Basic " + b64(pair)},
		fault.JSONEscaped: {`\u003ckey\u003e\n\u0026\"a/b\"\\`, `<key>\n&\"a/b\"\\`, `<key>\n&\"a\/b\"\\`, `p<ss\"w&rd`},
		fault.HTMLEscaped: {"&lt;key&gt;\n&amp;&#34;a/b&#34;\\", "&lt;key&gt;\n&amp;&quot;a/b&quot;\\"},
		fault.URLEncoded:  {url.QueryEscape(value), "key+of+the+header", "key%20of%20the%20header"},
		fault.Base64:      {b64([]byte(value)), b64(sent), b64(pair), base64.RawURLEncoding.EncodeToString(sent)},
		fault.Hex:         {hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString(sent))},
	} {
		for _, rule := range []fault.Rule{
			{Kind: fault.Status, Status: 400},
			{Kind: fault.Status, Status: 200},
			{Kind: fault.CommitThenStatus, Status: 500},
			{Kind: fault.Status, Status: 502, ContentType: "text/html"},
		} {
			t.Run(fmt.Sprint(encoding, rule.Status, rule.ContentType), func(t *testing.T) {
				t.Parallel()
				tg := start(t, nil)
				rule.Quote = encoding
				tg.add(t, rule)
				r, text, err := tg.send(t.Context(), "POST", "/a?q=1", string(sent))
				if err != nil || r.StatusCode != rule.Status {
					t.Fatalf("%v %v", r, err)
				}
				if rule.ContentType == "" {
					var envelope struct{ Status, Message string }
					if err := json.Unmarshal([]byte(text), &envelope); err != nil || envelope.Status != "failure" {
						t.Fatalf("%s: %v", text, err)
					}
					text = envelope.Message
				}
				for _, form := range append(want, "POST /a") {
					if !strings.Contains(text, form) {
						t.Errorf("%q lacks %q", text, form)
					}
				}
			})
		}
	}
}

func TestQuotesOfForms(t *testing.T) {
	t.Parallel()
	tg := start(t, nil)
	tg.add(t, fault.Rule{Kind: fault.Status, Status: 400, Quote: fault.Raw})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tg.url+"/oauth_token.do",
		strings.NewReader("client_secret=a%26b&assertion=c"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if text, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(text), `value: a&b\n`) {
		t.Errorf("a form: %s %v", text, err)
	}
}

func TestRequestLog(t *testing.T) {
	t.Parallel()
	tg := start(t, nil)
	const id, uuid = "0123456789abcdef0123456789ABCDEF", "5b2de169-2785-441b-ae8c-186a1936b17d"
	run := func() []fault.Request {
		tg.ForgetRequests()
		for _, path := range []string{
			"/api/now/table/sys_user", "/api/now/table/sys_user/" + id, "/api/now/table/sys_user/" + uuid,
			"/s/ops/api/actions/connector/my-own", "/api/actions/connectors", "/api/actions/action/mine/_execute",
			"/api/actions", "/api/cases/configure/x", "/simulator/faults",
		} {
			if _, _, err := tg.send(t.Context(), "GET", path, ""); err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
		}
		return tg.Requests()
	}
	log := run()
	var routes []string
	for i, r := range log {
		routes = append(routes, fmt.Sprint(r.Route, " ", r.Nth))
		if r.Index != i || !r.Handled || r.Status != http.StatusCreated || r.Method != http.MethodGet || len(r.Faults) != 0 {
			t.Errorf("request %d: %+v", i, r)
		}
	}
	if want := []string{
		"GET /api/now/table/sys_user 0", "GET /api/now/table/sys_user/{id} 0", "GET /api/now/table/sys_user/{id} 1",
		"GET /s/ops/api/actions/connector/{id} 0", "GET /api/actions/connectors 0",
		"GET /api/actions/action/{id}/_execute 0", "GET /api/actions 0", "GET /api/cases/configure/{id} 0",
	}; !slices.Equal(routes, want) {
		t.Errorf("routes %q", routes)
	}
	tg.add(t, log[2].Aim(fault.Rule{ID: "third", Kind: fault.Status, Status: 502}))
	tg.add(t, log[4].Aim(fault.Rule{Kind: fault.CommitThenDrop}))
	for i, r := range run() {
		handled, status, hit := i != 2, http.StatusCreated, i == 2 || i == 4
		switch i {
		case 2:
			status = http.StatusBadGateway
		case 4:
			status = 0
		}
		if r.Handled != handled || r.Status != status || len(r.Faults) == 1 != hit {
			t.Errorf("request %d of the second run: %+v", i, r)
		}
	}
}

// TestCatalogue tries each entry and compares what it says of itself with what the server was asked to do.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	var kinds []fault.Kind
	var seen []string
	for _, entry := range fault.Catalogue() {
		if names[entry.Name] {
			t.Errorf("two entries are named %q", entry.Name)
		}
		names[entry.Name] = true
		kinds = append(kinds, entry.Rule.Kind)
		seen = append(seen, string(entry.Rule.Shape), string(entry.Rule.Quote))
		if entry.Late != (entry.Rule.DelayMS > 0 && entry.Rule.Kind != fault.SlowBody) {
			t.Errorf("%s: late is %t", entry.Name, entry.Late)
		}
		t.Run(entry.Name, func(t *testing.T) {
			t.Parallel()
			entry.Rule.DelayMS = min(entry.Rule.DelayMS, 20)
			applies := 0
			for _, method := range []string{"GET", "POST", "PATCH", "PUT", "DELETE"} {
				if !entry.AppliesTo(method) {
					continue
				}
				applies++
				tg := start(t, nil)
				var done atomic.Int32
				tg.handler = func(w http.ResponseWriter, r *http.Request) {
					if r.Method == method {
						done.Add(1)
					}
					if r.Method == http.MethodDelete {
						w.WriteHeader(http.StatusNoContent)
						return
					}
					w.Header().Set("X-Total-Count", "1")
					_, _ = io.WriteString(w, `{"result":[{"sys_id":"1","user.name":"a","name":"b","sys_mod_count":"1"}]}`)
				}
				plain, plainText, err := tg.send(t.Context(), method, "/?sysparm_query=a=1", `{"sys_id":"1","name":"c"}`)
				if err != nil {
					t.Fatal(err)
				}
				done.Store(0)
				tg.add(t, entry.Rule)
				got, text, err := tg.send(t.Context(), method, "/?sysparm_query=a=1", `{"sys_id":"1","name":"c"}`)
				tg.Settle()
				if n := tg.Rules()[0].Injected; n != 1 {
					t.Errorf("%s: injected %d times", method, n)
				}
				if (done.Load() == 1) != entry.Committed || done.Load() > 1 {
					t.Errorf("%s: handled %d times, committed says %t", method, done.Load(), entry.Committed)
				}
				switch entry.Rule.Kind {
				case fault.Latency, fault.SlowBody, fault.SlowCommit, fault.OwnID, fault.DropTerm, fault.Ignore:
				default:
					same := plain.StatusCode == got.StatusCode && plainText == text &&
						plain.Header.Get("Content-Type") == got.Header.Get("Content-Type") &&
						plain.Header.Get("X-Total-Count") == got.Header.Get("X-Total-Count")
					// A 204 that comes before the commit, and bodies that a DELETE has none of, look like the truth.
					if err == nil && same && method != http.MethodDelete {
						t.Errorf("%s: the answer is the server's own: %v %s", method, got, text)
					}
				}
			}
			if applies == 0 {
				t.Error("applies to no method")
			}
		})
	}
	for _, kind := range []fault.Kind{
		fault.Latency, fault.Status, fault.CommitThenDrop, fault.CommitThenStatus, fault.Reset, fault.SlowBody, fault.Answer,
		fault.CommitThenAnswer, fault.LateCommit, fault.SlowCommit, fault.Ignore, fault.OwnID, fault.DropTerm, fault.Withhold,
	} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("no entry of kind %s", kind)
		}
	}
	for _, shape := range fault.Shapes() {
		if !slices.Contains(seen, string(shape)) {
			t.Errorf("no entry of shape %s", shape)
		}
	}
	for _, encoding := range fault.Encodings() {
		if !slices.Contains(seen, string(encoding)) {
			t.Errorf("no entry quotes as %s", encoding)
		}
	}
}

func TestCatalogueAndRequestsOverHTTP(t *testing.T) {
	t.Parallel()
	injector := fault.New(fault.Options{})
	ask := func(method, target, text string, into any) int {
		recorder := httptest.NewRecorder()
		injector.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(text)))
		if err := json.Unmarshal(recorder.Body.Bytes(), into); err != nil {
			t.Errorf("%s %s: %v", method, target, err)
		}
		return recorder.Code
	}
	var entries []fault.Entry
	if ask("GET", "/simulator/faults/catalogue", "", &entries); len(entries) != len(fault.Catalogue()) {
		t.Fatalf("%d entries", len(entries))
	}
	for _, entry := range entries { // as they come over the wire, they can be posted
		text, err := json.Marshal(entry.Rule)
		if err != nil {
			t.Fatal(err)
		}
		var answer map[string]string
		if status := ask("POST", "/simulator/faults", string(text), &answer); status != http.StatusCreated {
			t.Errorf("%s: %d %v", entry.Name, status, answer)
		}
	}
	injector.Clear()
	handler := injector.Wrap(http.NotFoundHandler())
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/a", http.NoBody))
	var log []fault.Request
	if ask("GET", "/simulator/faults/requests", "", &log); len(log) != 1 || log[0].Route != "GET /a" ||
		log[0].Status != http.StatusNotFound {
		t.Errorf("requests %v", log)
	}
	var nothing map[string]string
	ask("DELETE", "/simulator/faults/requests", "", &nothing)
	if log := injector.Requests(); len(log) != 0 {
		t.Errorf("requests %v", log)
	}
	if status := ask("POST", "/simulator/faults/catalogue", "", &nothing); status != http.StatusMethodNotAllowed {
		t.Errorf("POST of the catalogue: %d", status)
	}
}
