package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

// BenchmarkStartup is what comes before the first request of every command: the provider is made, and its schema asked
// for.
func BenchmarkStartup(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		server, err := provider.NewServer("bench", provider.WithoutLog())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := server.GetProviderSchema(b.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCreate makes a role on an instance that answers at once and keeps nothing.
func BenchmarkCreate(b *testing.B) {
	c := newCreator(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		c.create(b, n)
		n++
	}
}

// TestMemoryOfARecord holds what one created record leaves behind in the provider until it ends.
//
//nolint:paralleltest // the heap is everybody's
func TestMemoryOfARecord(t *testing.T) {
	const records, most = 400, 10 << 10
	c := newCreator(t)
	for i := range 100 { // what the first ones leave is shared by all
		c.create(t, i)
	}
	before := liveHeap()
	for i := range records {
		c.create(t, 100+i)
	}
	after := liveHeap()
	runtime.KeepAlive(c)
	if held := (int64(after) - int64(before)) / records; held > most { //nolint:gosec // heaps are far below 8 EiB
		t.Errorf("a created record leaves %d bytes behind, want at most %d", held, most)
	} else {
		t.Logf("a created record leaves %d bytes behind", held)
	}
}

func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one's finalizers let go of
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// creator creates roles over the protocol.
type creator struct {
	server   tfprotov6.ProviderServer
	resource tftypes.Type
}

func newCreator(tb testing.TB) *creator {
	tb.Helper()
	instance := httptest.NewServer(http.HandlerFunc(forgetful))
	tb.Cleanup(instance.Close)
	server, err := provider.NewServer("test", provider.WithoutLog())
	if err != nil {
		tb.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(tb.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		tb.Fatal(err)
	}
	as := schemas.Provider.ValueType()
	config := objectOf(tb, as, map[string]tftypes.Value{
		"instance_url": tftypes.NewValue(tftypes.String, instance.URL),
		"bearer_token": tftypes.NewValue(tftypes.String, "token"),
	})
	configured, err := server.ConfigureProvider(tb.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: packed(tb, as, config), TerraformVersion: "1.14.0",
	})
	if err != nil || len(configured.Diagnostics) > 0 {
		tb.Fatal(err, configured)
	}
	return &creator{server: server, resource: schemas.ResourceSchemas["servicenow_role"].ValueType()}
}

// forgetful is an instance that accepts every record, has none, and says so.
func forgetful(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method != http.MethodPost {
		w.Header().Set("X-Total-Count", "0")
		_, _ = w.Write([]byte(`{"result":[]}`))
		return
	}
	var row map[string]any
	if err := json.NewDecoder(r.Body).Decode(&row); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"result": row})
}

func (c *creator) create(tb testing.TB, n int) {
	tb.Helper()
	null := tftypes.NewValue(c.resource, nil)
	config := objectOf(tb, c.resource, map[string]tftypes.Value{
		"name":        tftypes.NewValue(tftypes.String, fmt.Sprintf("x_acme.role_%d", n)),
		"description": tftypes.NewValue(tftypes.String, fmt.Sprintf("The role number %d of a large estate.", n)),
	})
	planned, err := c.server.PlanResourceChange(tb.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: "servicenow_role", PriorState: packed(tb, c.resource, null),
		ProposedNewState: packed(tb, c.resource, config), Config: packed(tb, c.resource, config),
	})
	if err != nil || len(planned.Diagnostics) > 0 {
		tb.Fatal(err, planned)
	}
	applied, err := c.server.ApplyResourceChange(tb.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: "servicenow_role", PriorState: packed(tb, c.resource, null), PlannedState: planned.PlannedState,
		Config: packed(tb, c.resource, config), PlannedPrivate: planned.PlannedPrivate,
		PlannedIdentity: planned.PlannedIdentity,
	})
	if err != nil || len(applied.Diagnostics) > 0 {
		tb.Fatal(err, applied.Diagnostics)
	}
}

// objectOf fills the attributes that are not named with null.
func objectOf(tb testing.TB, as tftypes.Type, values map[string]tftypes.Value) tftypes.Value {
	tb.Helper()
	object, ok := as.(tftypes.Object)
	if !ok {
		tb.Fatalf("%s is not an object", as)
	}
	all := make(map[string]tftypes.Value, len(object.AttributeTypes))
	for name, of := range object.AttributeTypes {
		all[name] = tftypes.NewValue(of, nil)
	}
	for name, value := range values {
		all[name] = value
	}
	return tftypes.NewValue(as, all)
}

func packed(tb testing.TB, as tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	tb.Helper()
	made, err := tfprotov6.NewDynamicValue(as, value)
	if err != nil {
		tb.Fatal(err)
	}
	return &made
}
