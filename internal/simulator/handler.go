package simulator

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/page"
)

const (
	adminPrefix  = "/simulator/"
	kibanaPrefix = adminPrefix + "kibana/"
)

// adminSchema describes the admin API of both sides, as OpenAPI 3.1 with JSON schemas.
//
//go:embed admin.openapi.json
var adminSchema []byte

// handlers puts in front of the servers what both have: health, the description of the admin API, latency, and
// protection of the admin API against forms that a page of another origin posts. Kibana's admin API is reached with and
// without the "kibana/" in its paths, so that one script works for both sides.
func (sim *Simulator) handlers(latency time.Duration) (instance, kibanaSide http.Handler) {
	servers := page.Servers{
		ServiceNow: sim.ServiceNow, Kibana: sim.Kibana, KibanaFaults: sim.KibanaFaults,
		ServiceNowURL: sim.ServiceNowURL, KibanaURL: sim.KibanaURL,
	}
	common := func(side string, pages, server http.Handler) *http.ServeMux {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /simulator/health", func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, map[string]string{"status": "ok", "side": side})
		})
		mux.HandleFunc("GET /simulator/schema", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(adminSchema)
		})
		mux.Handle(page.Prefix, pages)
		api := delayed(latency, server)
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			if page.WantsPage(r) {
				pages.ServeHTTP(w, r)
				return
			}
			api.ServeHTTP(w, r)
		})
		return mux
	}
	guard := http.NewCrossOriginProtection()
	guarded := func(mux *http.ServeMux) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, adminPrefix) {
				guard.Handler(mux).ServeHTTP(w, r)
				return
			}
			mux.ServeHTTP(w, r) // an API of the real server, which other origins may call as its own rules say
		})
	}
	kibanaMux := common("kibana", page.Kibana(servers), sim.KibanaFaults.Wrap(sim.Kibana))
	kibanaMux.Handle("/simulator/faults", sim.KibanaFaults)
	kibanaMux.Handle("/simulator/faults/", sim.KibanaFaults)
	kibanaMux.HandleFunc(adminPrefix, func(w http.ResponseWriter, r *http.Request) {
		if rest := strings.TrimPrefix(r.URL.Path, adminPrefix); !strings.HasPrefix(r.URL.Path, kibanaPrefix) {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = kibanaPrefix+rest, ""
		}
		if r.Method == http.MethodPost && r.URL.Path == kibanaPrefix+"reset" {
			sim.KibanaFaults.Clear()
		}
		sim.Kibana.ServeHTTP(w, r)
	})
	return guarded(common("servicenow", page.ServiceNow(servers), sim.ServiceNow)), guarded(kibanaMux)
}

func delayed(latency time.Duration, next http.Handler) http.Handler {
	if latency <= 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, adminPrefix) {
			timer := time.NewTimer(latency)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func writeJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}
