package acctest

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"golang.org/x/sync/errgroup"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

// Core does to the provider what Terraform does, in this process and over the plugin protocol, so that a test can take
// thousands of runs through it. It knows resources and data sources with literal values and references, each run is a
// new provider, and the rules that Terraform holds providers to are held here as well.
//
// It applies each block before it plans the next, so it never plans with unknown values.
type Core struct {
	// Parallelism is how many blocks that do not depend on each other are handled at once; 1 by default.
	Parallelism int
	// Patience is how long the provider looks for a create whose outcome is unknown.
	Patience time.Duration
	// Quiet keeps no log: that of thousands of resources is large.
	Quiet bool

	t      *testing.T
	config configuration
	mu     sync.Mutex
	state  map[string]*instance
	plans  strings.Builder
	log    *lockedBuffer
}

// instance is what the state holds of one resource or data source.
type instance struct {
	value    tftypes.Value
	private  []byte
	identity *tfprotov6.ResourceIdentityData
	tainted  bool
	block    block
}

// Outcome is what came of a run.
type Outcome struct {
	// Changes are what was planned or done, such as "create servicenow_user.u".
	Changes []string
	// Errors and Warnings are the diagnostics, as "summary: detail".
	Errors, Warnings []string
	// Failed are the errors of each address that has any.
	Failed map[string][]string
}

// merge adds what came of one block.
func (o *Outcome) merge(address string, one Outcome) (failed bool) {
	o.Changes = append(o.Changes, one.Changes...)
	o.Errors, o.Warnings = append(o.Errors, one.Errors...), append(o.Warnings, one.Warnings...)
	if len(one.Errors) == 0 {
		return false
	}
	if o.Failed == nil {
		o.Failed = map[string][]string{}
	}
	o.Failed[address] = append(o.Failed[address], one.Errors...)
	return true
}

// add takes diagnostics. Whatever they quote, each sentence ends in one full stop.
func (o *Outcome) add(t *testing.T, diags []*tfprotov6.Diagnostic) (failed bool) {
	t.Helper()
	for _, d := range diags {
		text := d.Summary + ": " + d.Detail
		if twoStops.MatchString(text) {
			t.Errorf("a sentence ends in two full stops: %s", text)
		}
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			o.Errors, failed = append(o.Errors, text), true
		} else {
			o.Warnings = append(o.Warnings, text)
		}
	}
	return failed
}

// twoStops is a sentence of a server's, ended once more.
var twoStops = regexp.MustCompile(`[^.\s]\.\.(\s|$)`)

// Texts are all the diagnostics.
func (o *Outcome) Texts() string { return strings.Join(slices.Concat(o.Errors, o.Warnings), "\n") }

// NewCore reads a configuration with its provider block.
func NewCore(t *testing.T, config string) *Core {
	t.Helper()
	parsed, err := parseConfiguration(config)
	if err != nil {
		t.Fatal(err)
	}
	return &Core{
		Parallelism: 1, Patience: time.Second, t: t, config: parsed, state: map[string]*instance{}, log: &lockedBuffer{},
	}
}

// Configure takes another configuration for the same state.
func (c *Core) Configure(config string) {
	c.t.Helper()
	parsed, err := parseConfiguration(config)
	if err != nil {
		c.t.Fatal(err)
	}
	c.config = parsed
}

// Log is everything that the provider logged at the level TRACE.
func (c *Core) Log() string { return c.log.String() }

// State is everything that Terraform would store, private state included.
func (c *Core) State() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for address, held := range c.state {
		fmt.Fprintf(&b, "%s %s\n%s\n", address, held.value, held.private)
	}
	return b.String()
}

// Plans is everything that Terraform would store in plan files, private state included.
func (c *Core) Plans() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.plans.String()
}

// Text is a text attribute of what the state holds at an address. The test fails if there is none.
func (c *Core) Text(address, attribute string) string {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.state[address]
	if held == nil {
		c.t.Fatalf("the state holds no %s", address)
	}
	var attributes map[string]tftypes.Value
	var text string
	if err := held.value.As(&attributes); err != nil {
		c.t.Fatalf("%s: %v", address, err)
	}
	if err := attributes[attribute].As(&text); err != nil {
		c.t.Fatalf("%s.%s: %v", address, attribute, err)
	}
	return text
}

// Has reports whether the state holds an address.
func (c *Core) Has(address string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state[address] != nil
}

// Apply refreshes what the state holds and makes it what the configuration says; what that does not name any more is
// deleted first. It goes on as Terraform does: what depends on something that failed is left alone.
func (c *Core) Apply(ctx context.Context) Outcome { return c.run(ctx, true) }

// Plan refreshes what the state holds and tells what Apply would do.
func (c *Core) Plan(ctx context.Context) Outcome { return c.run(ctx, false) }

func (c *Core) run(ctx context.Context, apply bool) Outcome {
	r, out := c.start(ctx)
	if r == nil {
		return out
	}
	r.prune(apply, &out)
	failed := map[string]bool{}
	var mu sync.Mutex
	for _, level := range c.config.levels() {
		var group errgroup.Group
		group.SetLimit(c.Parallelism)
		for _, b := range level {
			mu.Lock()
			skipped := slices.ContainsFunc(b.needs, func(need string) bool { return failed[need] })
			failed[b.address] = skipped
			mu.Unlock()
			if skipped {
				continue
			}
			group.Go(func() error {
				one := r.handle(b, apply)
				mu.Lock()
				defer mu.Unlock()
				failed[b.address] = out.merge(b.address, one)
				return nil
			})
		}
		_ = group.Wait()
	}
	return out
}

// Import takes what exists into the state: ids by the addresses that are to hold them.
func (c *Core) Import(ctx context.Context, ids map[string]string) Outcome {
	r, out := c.start(ctx)
	if r == nil {
		return out
	}
	for _, b := range c.config.blocks {
		if id, wanted := ids[b.address]; wanted {
			out.merge(b.address, r.importOne(b, id))
		}
	}
	return out
}

func (r *coreRun) importOne(b block, id string) Outcome {
	var out Outcome
	imported, err := r.server.ImportResourceState(r.ctx, &tfprotov6.ImportResourceStateRequest{
		TypeName: b.typeName, ID: id,
	})
	if err != nil || out.add(r.t, imported.Diagnostics) {
		return out.with(err)
	}
	for _, one := range imported.ImportedResources {
		value, err := one.State.Unmarshal(r.schemas.ResourceSchemas[b.typeName].ValueType())
		if err != nil {
			return out.with(err)
		}
		r.set(b.address, &instance{value: value, private: one.Private, identity: one.Identity, block: b})
		read := r.refresh(b, &out)
		switch {
		case len(out.Errors) > 0: // as Terraform: what cannot be read is not imported
			r.set(b.address, nil)
		case read == nil:
			out.Errors = append(out.Errors, "Cannot import non-existent remote object: "+b.address)
		default:
			out.Changes = append(out.Changes, "import "+b.address)
		}
	}
	return out
}

// Destroy refreshes and deletes what the state holds, last things first.
func (c *Core) Destroy(ctx context.Context) Outcome {
	r, out := c.start(ctx)
	if r == nil {
		return out
	}
	levels := c.config.levels()
	slices.Reverse(levels)
	kept := map[string]bool{}
	var mu sync.Mutex
	for _, level := range levels {
		var group errgroup.Group
		group.SetLimit(c.Parallelism)
		for _, b := range level {
			mu.Lock()
			needed := len(kept) > 0 && c.config.neededBy(b.address, kept)
			if needed {
				kept[b.address] = true // as Terraform: not before what needs it
			}
			mu.Unlock()
			if needed {
				continue
			}
			group.Go(func() error {
				one := r.destroy(b)
				mu.Lock()
				defer mu.Unlock()
				if out.merge(b.address, one) {
					kept[b.address] = true
				}
				return nil
			})
		}
		_ = group.Wait()
	}
	return out
}

// prune deletes what the state holds and the configuration does not name, what needs others before those.
func (r *coreRun) prune(apply bool, out *Outcome) {
	left, named := map[string]block{}, map[string]bool{}
	for _, b := range r.config.blocks {
		named[b.address] = true
	}
	r.mu.Lock()
	for address, held := range r.state {
		if !named[address] {
			left[address] = held.block
		}
	}
	r.mu.Unlock()
	for len(left) > 0 {
		var group errgroup.Group
		group.SetLimit(r.Parallelism)
		var mu sync.Mutex
		wave := configuration{}
		for _, address := range slices.Sorted(maps.Keys(left)) {
			rest := configuration{blocks: slices.Collect(maps.Values(left))}
			if !rest.neededBy(address, nil) {
				wave.blocks = append(wave.blocks, left[address])
			}
		}
		failed := false
		for _, b := range wave.blocks {
			delete(left, b.address)
			group.Go(func() error {
				one := Outcome{Changes: []string{"delete " + b.address}}
				if apply {
					one = r.destroy(b)
				}
				mu.Lock()
				defer mu.Unlock()
				failed = out.merge(b.address, one) || failed
				return nil
			})
		}
		if _ = group.Wait(); failed {
			return
		}
	}
}

// coreRun is one run with a provider of its own.
type coreRun struct {
	*Core
	ctx     context.Context //nolint:containedctx // a run lives as long as its call
	server  tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

// served is the provider's schema, asked for once as Terraform does: the provider says that it need not be asked again.
var served = sync.OnceValues(func() (*tfprotov6.GetProviderSchemaResponse, error) {
	server, err := provider.NewServer("test")
	if err != nil {
		return nil, err
	}
	return server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
})

func (c *Core) start(ctx context.Context) (*coreRun, Outcome) {
	var out Outcome
	if !c.Quiet {
		ctx = tflogtest.RootLogger(ctx, c.log)
	}
	server, err := provider.NewServer("test", provider.WithPatience(c.Patience))
	if err != nil {
		c.t.Fatal(err)
	}
	schemas, err := served()
	if err != nil {
		c.t.Fatal(err)
	}
	config, err := c.config.provider.value(schemas.Provider.ValueType(), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	configured, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{
		Config: config, TerraformVersion: "1.14.0",
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if out.add(c.t, configured.Diagnostics) {
		return nil, out
	}
	return &coreRun{Core: c, ctx: ctx, server: server, schemas: schemas}, out
}

func (r *coreRun) get(address string) *instance {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state[address]
}

func (r *coreRun) set(address string, to *instance) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if to == nil {
		delete(r.state, address)
		return
	}
	r.state[address] = to
}

// handle takes one block through its plan and, to apply, through what was planned.
func (r *coreRun) handle(b block, apply bool) Outcome {
	r.mu.Lock()
	known := make(map[string]tftypes.Value, len(b.needs))
	for _, address := range b.needs {
		if held := r.state[address]; held != nil {
			known[address] = held.value
		}
	}
	r.mu.Unlock()
	if b.isData {
		return r.readData(b, known)
	}
	var out Outcome
	schema := r.schemas.ResourceSchemas[b.typeName]
	if schema == nil {
		out.Errors = append(out.Errors, "no resource "+b.typeName)
		return out
	}
	as := schema.ValueType()
	config, err := b.value(as, known)
	if err != nil {
		out.Errors = append(out.Errors, err.Error())
		return out
	}
	valid, err := r.server.ValidateResourceConfig(r.ctx, &tfprotov6.ValidateResourceConfigRequest{
		TypeName: b.typeName, Config: config,
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	if err != nil || out.add(r.t, valid.Diagnostics) {
		return out.with(err)
	}
	held := r.refresh(b, &out)
	if len(out.Errors) > 0 {
		return out
	}
	planned, action := r.plan(b, schema, config, held, &out)
	if len(out.Errors) > 0 || action == "" {
		return out
	}
	out.Changes = append(out.Changes, action+" "+b.address)
	if !apply {
		return out
	}
	if action == "replace" {
		if r.delete(b, held, &out); len(out.Errors) > 0 {
			return out
		}
		planned, _ = r.plan(b, schema, config, nil, &out)
		if len(out.Errors) > 0 {
			return out
		}
		held = nil
	}
	r.apply(b, schema, config, held, planned, &out)
	return out
}

func (o *Outcome) with(err error) Outcome {
	if err != nil {
		o.Errors = append(o.Errors, "protocol: "+err.Error())
	}
	return *o
}

// refresh reads what the state holds.
func (r *coreRun) refresh(b block, out *Outcome) *instance {
	held := r.get(b.address)
	if held == nil {
		return nil
	}
	as := r.schemas.ResourceSchemas[b.typeName].ValueType()
	read, err := r.server.ReadResource(r.ctx, &tfprotov6.ReadResourceRequest{
		TypeName: b.typeName, CurrentState: pack(r.t, as, held.value), Private: held.private, CurrentIdentity: held.identity,
	})
	if err != nil {
		*out = out.with(err)
		return held
	}
	if out.add(r.t, read.Diagnostics) {
		return held
	}
	value, err := read.NewState.Unmarshal(as)
	if err != nil {
		*out = out.with(err)
		return held
	}
	if value.IsNull() {
		r.set(b.address, nil)
		return nil
	}
	held = &instance{value: value, private: read.Private, identity: read.NewIdentity, tainted: held.tainted, block: b}
	r.set(b.address, held)
	return held
}

// plan plans one resource; no action means that nothing changes.
func (r *coreRun) plan(
	b block, schema *tfprotov6.Schema, config *tfprotov6.DynamicValue, held *instance, out *Outcome,
) (planned *tfprotov6.PlanResourceChangeResponse, action string) {
	as := schema.ValueType()
	prior, private := tftypes.NewValue(as, nil), []byte(nil)
	var identity *tfprotov6.ResourceIdentityData
	if held != nil && !held.tainted {
		prior, private, identity = held.value, held.private, held.identity
	}
	configured, err := config.Unmarshal(as)
	if err != nil {
		*out = out.with(err)
		return nil, ""
	}
	proposed := proposedObject(schema.Block.Attributes, prior, configured)
	planned, err = r.server.PlanResourceChange(r.ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: b.typeName, PriorState: pack(r.t, as, prior), ProposedNewState: pack(r.t, as, proposed), Config: config,
		PriorPrivate: private, PriorIdentity: identity,
	})
	if err != nil || out.add(r.t, planned.Diagnostics) {
		*out = out.with(err)
		return nil, ""
	}
	after, err := planned.PlannedState.Unmarshal(as)
	if !r.Quiet {
		r.mu.Lock()
		fmt.Fprintf(&r.plans, "%s %s\n%s\n", b.address, after, planned.PlannedPrivate)
		r.mu.Unlock()
	}
	switch {
	case err != nil:
		*out = out.with(err)
	case held == nil:
		action = "create"
	case held.tainted, len(planned.RequiresReplace) > 0:
		action = "replace"
	case !after.Equal(prior):
		action = "update"
	}
	return planned, action
}

func (r *coreRun) apply(
	b block, schema *tfprotov6.Schema, config *tfprotov6.DynamicValue, held *instance,
	planned *tfprotov6.PlanResourceChangeResponse, out *Outcome,
) {
	as := schema.ValueType()
	prior := tftypes.NewValue(as, nil)
	if held != nil {
		prior = held.value
	}
	applied, err := r.server.ApplyResourceChange(r.ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: b.typeName, PriorState: pack(r.t, as, prior), PlannedState: planned.PlannedState, Config: config,
		PlannedPrivate: planned.PlannedPrivate, PlannedIdentity: planned.PlannedIdentity,
	})
	if err != nil {
		*out = out.with(err)
		return
	}
	failed := out.add(r.t, applied.Diagnostics)
	value, err := applied.NewState.Unmarshal(as)
	if err != nil {
		*out = out.with(err)
		return
	}
	if value.IsNull() {
		if held == nil && !failed {
			out.Errors = append(out.Errors, "Provider produced inconsistent result: "+b.address+" is null after its create")
		}
		return
	}
	if !value.IsFullyKnown() {
		out.Errors = append(out.Errors, "Provider returned unknown values after apply: "+b.address)
	}
	if want, err := planned.PlannedState.Unmarshal(as); err == nil && !failed {
		if at := differs(want, value, b.address); at != "" {
			out.Errors = append(out.Errors, "Provider produced inconsistent result after apply: "+at)
		}
	}
	r.set(b.address, &instance{
		value: value, private: applied.Private, identity: applied.NewIdentity, tainted: failed && held == nil,
		block: b,
	})
}

func (r *coreRun) destroy(b block) Outcome {
	var out Outcome
	if b.isData {
		r.set(b.address, nil)
		return out
	}
	held := r.refresh(b, &out)
	if held == nil || len(out.Errors) > 0 {
		return out
	}
	out.Changes = append(out.Changes, "delete "+b.address)
	r.delete(b, held, &out)
	return out
}

func (r *coreRun) delete(b block, held *instance, out *Outcome) {
	as := r.schemas.ResourceSchemas[b.typeName].ValueType()
	nothing := pack(r.t, as, tftypes.NewValue(as, nil))
	planned, err := r.server.PlanResourceChange(r.ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: b.typeName, PriorState: pack(r.t, as, held.value), ProposedNewState: nothing, Config: nothing,
		PriorPrivate: held.private, PriorIdentity: held.identity,
	})
	if err != nil || out.add(r.t, planned.Diagnostics) {
		*out = out.with(err)
		return
	}
	applied, err := r.server.ApplyResourceChange(r.ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: b.typeName, PriorState: pack(r.t, as, held.value), PlannedState: nothing, Config: nothing,
		PlannedPrivate: planned.PlannedPrivate, PlannedIdentity: planned.PlannedIdentity,
	})
	if err != nil || out.add(r.t, applied.Diagnostics) {
		*out = out.with(err)
		return
	}
	r.set(b.address, nil)
}

func (r *coreRun) readData(b block, known map[string]tftypes.Value) Outcome {
	var out Outcome
	schema := r.schemas.DataSourceSchemas[b.typeName]
	if schema == nil {
		out.Errors = append(out.Errors, "no data source "+b.typeName)
		return out
	}
	as := schema.ValueType()
	config, err := b.value(as, known)
	if err != nil {
		out.Errors = append(out.Errors, err.Error())
		return out
	}
	valid, err := r.server.ValidateDataResourceConfig(r.ctx, &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: b.typeName, Config: config,
	})
	if err != nil || out.add(r.t, valid.Diagnostics) {
		return out.with(err)
	}
	read, err := r.server.ReadDataSource(r.ctx, &tfprotov6.ReadDataSourceRequest{TypeName: b.typeName, Config: config})
	if err != nil || out.add(r.t, read.Diagnostics) {
		return out.with(err)
	}
	value, err := read.State.Unmarshal(as)
	if err != nil {
		return out.with(err)
	}
	r.set(b.address, &instance{value: value, block: b})
	return out
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
