package main

import (
	"net/http"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
)

// takeTraffic counts the requests since the last call, by server and kind, and forgets them.
func takeTraffic(sim *simulator.Simulator) map[string]int {
	counts := map[string]int{}
	for _, r := range sim.ServiceNow.Requests() {
		kind := verb(r.Method)
		if !strings.Contains(r.Path, "/table/") {
			kind = "other"
		}
		counts["ServiceNow "+kind]++
	}
	for _, r := range sim.Kibana.Requests() {
		kind := verb(r.Method)
		if strings.HasSuffix(r.Path, "/api/status") {
			kind = "other"
		}
		counts["Kibana "+kind]++
	}
	sim.ServiceNow.ForgetRequests()
	sim.Kibana.ResetRequests()
	return counts
}

func verb(method string) string {
	switch method {
	case http.MethodGet:
		return "read"
	case http.MethodPost:
		return "create"
	case http.MethodPatch, http.MethodPut:
		return "update"
	case http.MethodDelete:
		return "delete"
	}
	return "other"
}

// setLatency delays every answer of both servers by a number of milliseconds.
func setLatency(sim *simulator.Simulator, ms int) error {
	for _, faults := range []*fault.Injector{sim.ServiceNow.Faults, sim.KibanaFaults} {
		faults.Clear()
		if ms == 0 {
			continue
		}
		if _, err := faults.Add(fault.Rule{Kind: fault.Latency, DelayMS: ms}); err != nil {
			return err
		}
	}
	return nil
}
