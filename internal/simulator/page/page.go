// Package page is the web page of the simulated servers, for people: what is stored, who may pass, what was asked, and
// the faults. It is rendered on the server and needs no script but for the check of CORS.
package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

//go:embed page.html.tmpl
var templates embed.FS

//go:embed style.css
var style []byte

//go:embed cors.js
var corsScript []byte

// Prefix is where the pages are; the first one is at "/" too.
const Prefix = "/simulator/page/"

const (
	serviceNowSide = "ServiceNow"
	kibanaSide     = "Kibana"
	newestFirst    = 200 // rows of a log that are shown
	shownRows      = 100 // rows of a table that are shown
)

// Servers are what the pages show and change. The URLs are those of the other side's page.
type Servers struct {
	ServiceNow   *servicenow.Server
	Kibana       *kibana.Server
	KibanaFaults *fault.Injector
	// ServiceNowURL and KibanaURL are asked for at each request: the addresses are known once both servers listen.
	ServiceNowURL, KibanaURL func() string
}

// WantsPage reports whether a request for "/" comes from a browser that wants to show something.
func WantsPage(r *http.Request) bool {
	return r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		strings.Contains(r.Header.Get("Accept"), "text/html")
}

type link struct{ Text, Href string }

// cell is one value of a grid. With Post it is a button that posts Text as id.
type cell struct{ Text, Href, Class, Post, Label string }

type grid struct {
	Title, Note, Empty string
	Head               []string
	Rows               [][]cell
}

type field struct {
	Name, Label, Type, Value, Placeholder string
	Options                               []string
}

type form struct {
	Title, Note, ID, Method, Action, Button string
	Fields                                  []field
}

type fact struct{ Name, Value string }

// content is what a page shows below its title.
type content struct {
	Title, Note, Problem string
	Facts                []fact
	Verdict              *servicenow.Explanation
	Forms                []form
	Grids                []grid
	Live                 bool
	Script, Output       string
}

type view struct {
	content

	Side, Here, Other, OtherURL string
	Nav                         []link
}

// side is the pages of one server.
type side struct {
	name, other string
	otherURL    func() string
	nav         []link
	mux         *http.ServeMux
	faults      *fault.Injector
	page        *template.Template
}

func newSide(name, other string, otherURL func() string, faults *fault.Injector) *side {
	s := &side{
		name: name, other: other, otherURL: otherURL, faults: faults, mux: http.NewServeMux(),
		page: template.Must(template.ParseFS(templates, "page.html.tmpl")),
	}
	s.mux.HandleFunc("GET "+Prefix+"style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(style)
	})
	s.mux.HandleFunc("GET "+Prefix+"cors.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(corsScript)
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *side) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// show adds a page; with text it stands in the navigation.
func (s *side) show(path, text string, render func(*http.Request) content) {
	if text != "" {
		s.nav = append(s.nav, link{text, path})
	}
	pattern := "GET " + path
	if path == "/" {
		pattern = "GET /{$}"
	}
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.write(w, path, render(r)) })
}

// act adds what a form does; after it, the browser goes back to a page. An error is shown instead.
func (s *side) act(path, back string, do func(*http.Request) error) {
	s.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if err := do(r); err != nil {
			s.write(w, back, content{Title: "That did not work", Problem: err.Error()})
			return
		}
		http.Redirect(w, r, back, http.StatusSeeOther)
	})
}

func (s *side) write(w http.ResponseWriter, here string, c content) {
	var buffer bytes.Buffer
	err := s.page.Execute(&buffer, view{
		content: c, Side: s.name, Here: here, Other: "To " + s.other, OtherURL: s.otherURL() + "/", Nav: s.nav,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Content-Security-Policy", policyFor(c))
	if c.Problem != "" {
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = w.Write(buffer.Bytes())
}

// policyFor allows nothing but the stylesheet and forms to this server; the check of CORS runs its script and calls
// out.
func policyFor(c content) string {
	policy := "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	if c.Script != "" {
		policy += "; script-src 'self'; connect-src *"
	}
	return policy
}

// faultPages are the same on both sides.
func (s *side) faultPages() {
	const path = Prefix + "faults"
	s.show(path, "Faults", func(*http.Request) content {
		g := grid{
			Head:  []string{"Fault", "Requests", "Skip", "Count", "Matched", "Injected", ""},
			Empty: "No faults: the server behaves.",
		}
		for _, state := range s.faults.Rules() {
			g.Rows = append(g.Rows, []cell{
				{Text: string(state.Kind)},
				{Text: strings.TrimSpace(state.Method + " " + state.PathPrefix + "…")},
				{Text: strconv.Itoa(state.Skip)},
				{Text: unlimited(state.Count)},
				{Text: strconv.Itoa(state.Matched)},
				{Text: strconv.Itoa(state.Injected)},
				{Text: state.ID, Post: path + "/remove", Label: "Remove"},
			})
		}
		kinds := []string{
			string(fault.Status), string(fault.Latency), string(fault.CommitThenDrop), string(fault.CommitThenStatus),
			string(fault.Reset), string(fault.HTML), string(fault.SlowBody), string(fault.RateLimit),
		}
		if s.name == serviceNowSide {
			kinds = append(kinds, string(fault.RevokeTokens))
		}
		return content{
			Title: "Faults", Grids: []grid{g},
			Note: "A fault strikes each request that it matches. The admin API offers every kind and key.",
			Forms: []form{{
				Method: "post", Action: path, Button: "Add", Fields: []field{
					{Name: "kind", Label: "Fault", Options: kinds},
					{Name: "method", Label: "Method", Options: []string{"", "GET", "POST", "PUT", "PATCH", "DELETE"}},
					{Name: "path", Label: "Path begins with", Value: "/api/"},
					{Name: "skip", Label: "Let pass first", Type: "number"},
					{Name: "count", Label: "How often", Type: "number", Placeholder: "always"},
					{Name: "delay_ms", Label: "Delay (ms)", Type: "number"},
					{Name: "status", Label: "Status", Type: "number", Placeholder: "503"},
					{Name: "limit", Label: "Limit per second", Type: "number"},
				},
			}},
		}
	})
	s.act(path, path, func(r *http.Request) error {
		rule := fault.Rule{
			Kind: fault.Kind(r.PostFormValue("kind")), Method: r.PostFormValue("method"),
			PathPrefix: r.PostFormValue("path"),
		}
		for name, into := range map[string]*int{
			"skip": &rule.Skip, "count": &rule.Count, "delay_ms": &rule.DelayMS, "status": &rule.Status,
			"limit": &rule.Limit,
		} {
			text := r.PostFormValue(name)
			if text == "" {
				continue
			}
			number, err := strconv.Atoi(text)
			if err != nil || number < 0 {
				return fmt.Errorf("%s: %q is not a number of 0 or more", name, text)
			}
			*into = number
		}
		_, err := s.faults.Add(rule)
		return err
	})
	s.act(path+"/remove", path, func(r *http.Request) error {
		s.faults.Remove(r.PostFormValue("id"))
		return nil
	})
}

func unlimited(count int) string {
	if count == 0 {
		return "always"
	}
	return strconv.Itoa(count)
}

// snapshots is what both servers offer.
type snapshots interface {
	Snapshots() []string
	SaveSnapshot(name string)
	RestoreSnapshot(name string) error
	DeleteSnapshot(name string) error
}

// statePages are the same on both sides; reset puts the server and its faults back.
func (s *side) statePages(of snapshots, reset func()) {
	const path = Prefix + "state"
	s.show(path, "State", func(*http.Request) content {
		g := grid{Title: "Snapshots", Head: []string{"Name", "", ""}, Empty: "None saved."}
		for _, name := range of.Snapshots() {
			g.Rows = append(g.Rows, []cell{
				{Text: name},
				{Text: name, Post: path + "/restore", Label: "Restore"},
				{Text: name, Post: path + "/delete", Label: "Delete"},
			})
		}
		return content{
			Title: "State", Grids: []grid{g}, Forms: []form{
				{
					Title: "Save", Note: "What is stored, without logs and faults.", Method: "post", Action: path,
					Button: "Save", Fields: []field{{Name: "id", Label: "Name"}},
				},
				{
					Title: "Reset", Note: "Back to the start: the seed and the dictionary stay, all else goes.",
					Method: "post", Action: path + "/reset", Button: "Reset",
				},
			},
		}
	})
	s.act(path, path, func(r *http.Request) error {
		name := strings.TrimSpace(r.PostFormValue("id"))
		if name == "" || strings.Contains(name, "/") {
			return fmt.Errorf("%q cannot be a snapshot's name", name)
		}
		of.SaveSnapshot(name)
		return nil
	})
	s.act(path+"/restore", path, func(r *http.Request) error { return of.RestoreSnapshot(r.PostFormValue("id")) })
	s.act(path+"/delete", path, func(r *http.Request) error { return of.DeleteSnapshot(r.PostFormValue("id")) })
	s.act(path+"/reset", path, func(*http.Request) error { reset(); return nil })
}

// newest returns the last entries of a log, the newest first.
func newest[T any](log []T) []T {
	log = slices.Clone(log[max(0, len(log)-newestFirst):])
	slices.Reverse(log)
	return log
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func statusCell(status int) cell {
	c := cell{Text: strconv.Itoa(status), Class: "good"}
	switch {
	case status == 0:
		c.Text, c.Class = "none", "bad"
	case status >= http.StatusBadRequest:
		c.Class = "bad"
	}
	return c
}

// liveForm switches the reloading of a log on and off.
func liveForm(path string, live bool) form {
	if live {
		return form{Method: "get", Action: path, Button: "Stop reloading"}
	}
	return form{
		Method: "get", Action: path, Button: "Reload every 2 s",
		Fields: []field{{Name: "live", Type: "hidden", Value: "1"}},
	}
}
