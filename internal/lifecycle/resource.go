package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// defaultTimeout bounds each operation that neither the timeouts attribute nor the definition does.
const defaultTimeout = 20 * time.Minute

func (r *lifecycle[T, M]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan, config := M(new(T)), M(new(T))
	resp.Diagnostics.Append(r.getPlan(ctx, req.Plan, plan)...)
	resp.Diagnostics.Append(r.getConfig(ctx, req.Config, config)...)
	if resp.Diagnostics.HasError() || !r.connection.reachable(r.Server, r.subject(plan), true, &resp.Diagnostics) {
		return
	}
	limit, diags := plan.base().Timeouts.Create(ctx, r.Timeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	if r.refuseMissing(ctx, plan, nil, &resp.Diagnostics) {
		return
	}
	want := r.encode(plan)
	maps.DeleteFunc(want.Values, func(_ string, v any) bool { return v == nil }) // nothing is there to be cleared
	secrets := secretContext{creating: true, detection: r.connection.SecretChangeDetection}
	set := secretsIn[T](config)
	set.require(false, &resp.Diagnostics) // the plan could not know of what was to be decided until now
	if resp.Diagnostics.HasError() {
		return
	}
	decided := set.decide(secrets)
	want.Secrets = decided.write()
	want.AllowLockout = want.AllowLockout || r.connection.AllowLockout
	got, err := r.Store(&r.connection.Servers).Create(ctx, want)
	r.warn(got, &resp.Diagnostics)
	if err != nil {
		r.failed("create", plan, err, &resp.Diagnostics)
		if got.ID == "" {
			return
		}
	}
	w := writeResult[T, M]{plan: plan, config: config, got: got, complete: err == nil, secrets: secrets, decided: decided}
	r.keep(ctx, w, &resp.State, resp.Identity, resp.Private, &resp.Diagnostics)
}

func (r *lifecycle[T, M]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	plan, state, config := M(new(T)), M(new(T)), M(new(T))
	resp.Diagnostics.Append(r.getPlan(ctx, req.Plan, plan)...)
	resp.Diagnostics.Append(r.getState(ctx, req.State, state)...)
	resp.Diagnostics.Append(r.getConfig(ctx, req.Config, config)...)
	if resp.Diagnostics.HasError() || !r.connection.reachable(r.Server, r.subject(plan), true, &resp.Diagnostics) {
		return
	}
	limit, diags := plan.base().Timeouts.Update(ctx, r.Timeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	have, want := r.encode(state).Record, r.encode(plan)
	r.fromPrivate(ctx, req.Private, &have, &resp.Diagnostics)
	clearDropped[T](plan, state, &want)
	secrets := r.secretContext(ctx, state, req.Private, &resp.Diagnostics)
	set := secretsIn[T](config)
	decided := set.decide(secrets)
	if decided.sends() || r.Server == Kibana && len(record.ChangedValues(have, want.Record)) > 0 {
		set.require(true, &resp.Diagnostics) // as the plan did, but for what it could not know
	}
	want.Secrets = decided.write()
	want.AllowLockout = want.AllowLockout || r.connection.AllowLockout
	if resp.Diagnostics.HasError() || r.refuseMissing(ctx, plan, state, &resp.Diagnostics) {
		return
	}
	got, err := r.Store(&r.connection.Servers).Update(ctx, have, want)
	r.warn(got, &resp.Diagnostics)
	if err != nil {
		r.failed("update", state, err, &resp.Diagnostics)
		if got.ID == "" {
			return
		}
	}
	if got.Found == nil {
		got.Found = have.Found
	}
	w := writeResult[T, M]{
		plan: plan, config: config, state: state, got: got, complete: err == nil, secrets: secrets, decided: decided,
	}
	r.keep(ctx, w, &resp.State, resp.Identity, resp.Private, &resp.Diagnostics)
}

// secretContext gathers what decides about the secrets of a resource that is there already.
func (r *lifecycle[T, M]) secretContext(
	ctx context.Context, state M, private privateReader, diags *diag.Diagnostics,
) secretContext {
	m, ok := any(state).(Resender)
	return secretContext{
		id: state.base().ID.ValueString(), sent: sentFrom(ctx, private, diags), missing: ok && m.MissesSecrets(),
		detection: r.connection.SecretChangeDetection,
	}
}

// fromPrivate completes a record with what only private state holds of it.
func (r *lifecycle[T, M]) fromPrivate(
	ctx context.Context, private privateReader, have *record.Record, diags *diag.Diagnostics,
) {
	have.Revision = getPrivate[string](ctx, private, revisionKey, diags)
	have.Found = getPrivate[map[string]string](ctx, private, foundKey, diags)
	have.Remembered = getPrivate[map[string]string](ctx, private, rememberedKey, diags)
}

// clearDropped empties the columns that a map of columns owned before and does not name any more.
func clearDropped[T any, M Model[T]](plan, state M, want *record.Write) {
	before := fieldsOf[T](state)
	for i, f := range fieldsOf[T](plan) {
		if columns, ok := field.As[field.Columns](f); ok {
			for _, column := range columns.Dropped(before[i]) {
				want.Values[column] = nil
			}
		}
	}
}

// writeResult is a write with what came of it.
type writeResult[T any, M Model[T]] struct {
	plan, config M
	state        M // nil after a create
	got          record.Answer
	complete     bool // false when the write failed half-way and got is what exists
	secrets      secretContext
	decided      secretDecisions
}

// keep saves what the server answered, and reports each planned value that it did not keep.
func (r *lifecycle[T, M]) keep(
	ctx context.Context, w writeResult[T, M], state *tfsdk.State, identity *tfsdk.ResourceIdentity,
	private privateWriter, diags *diag.Diagnostics,
) {
	answer := *w.plan
	m := M(&answer)
	err := decode[T](m, w.got.Record, nil)
	r.fillZeros(ctx, m, w.got.Record)
	if err != nil {
		diags.AddError("Cannot understand servicenow_"+r.Type, r.subject(m)+": "+err.Error())
	}
	if w.complete && err == nil {
		r.compare(w, m, diags)
	}
	if s, ok := any(m).(withSecrets); ok {
		switch {
		case w.decided.kept(w.got.KeptSecrets):
			*s.secretsUpdatedAt() = types.StringValue(time.Now().UTC().Format(time.RFC3339))
		case w.state != nil:
			*s.secretsUpdatedAt() = *any(w.state).(withSecrets).secretsUpdatedAt() //nolint:forcetypeassert // same type as m
		default:
			*s.secretsUpdatedAt() = types.StringNull()
		}
		sent := w.decided.remember(w.secrets.sent, w.got.ID, w.got.KeptSecrets, w.secrets)
		setPrivate(ctx, private, secretsKey, sent, diags)
	}
	if a, ok := any(m).(adoptable); ok {
		if w.state == nil {
			*a.adopted() = types.BoolValue(w.got.Found != nil)
		}
		setPrivate(ctx, private, foundKey, w.got.Found, diags)
	}
	setPrivate(ctx, private, revisionKey, w.got.Revision, diags)
	setRemembered(ctx, private, w.got.Remembered, diags)
	diags.Append(r.setState(ctx, state, m)...)
	diags.Append(r.identify(ctx, identity, m)...)
}

// compare holds the answer against the plan. Only what the configuration sets or this provider defaults counts; what it
// leaves to the server keeps its planned value until the next read takes the server's over.
func (r *lifecycle[T, M]) compare(w writeResult[T, M], answer M, diags *diag.Diagnostics) {
	planned, configured, answered := fieldsOf[T](w.plan), fieldsOf[T](w.config), fieldsOf[T](answer)
	var before []field.Field
	if w.state != nil {
		before = fieldsOf[T](w.state)
	}
	for i, p := range planned {
		if p.Attribute() == nil || p.Value().IsUnknown() {
			continue
		}
		if column := missingColumn(p, w.got.Record); column != "" && !p.Value().IsNull() && !configured[i].Value().IsNull() {
			at := field.PathOf(w.plan, p.Attribute())
			diags.AddError("The server did not take a value", fmt.Sprintf("%s: %s was planned as %s, and the answer does not "+
				"hold the column %s. Usual causes: its name is misspelled; this release or this instance does not have the "+
				"column; an ACL of the column keeps it from the account.", r.subject(answer), at, displayed(p.Value()), column)+
				r.afterwards(w.state == nil))
			continue
		}
		if p.Same(answered[i]) {
			continue
		}
		sent := before == nil && !p.Value().IsNull() || before != nil && !p.Same(before[i]) ||
			hasDefault(r.attributeOf(field.PathOf(w.plan, p.Attribute())))
		if configured[i].Value().IsNull() && !sent {
			answered[i].Assign(p)
			continue
		}
		r.differs(w, i, answered, diags, answer)
	}
}

// missingColumn names a column of a field that a server leaves out of its answer; empty when none is. One that is to
// hold nothing is not missed.
func missingColumn(f field.Field, answer record.Record) string {
	wanted := record.Write{Record: record.Record{Values: map[string]any{}}}
	f.Encode(&wanted)
	for _, column := range f.Columns() {
		value, owned := wanted.Values[column]
		if _, ok := answer.Values[column]; !ok && (value != nil || !owned) {
			return column
		}
	}
	return ""
}

// differs reports a field that was not kept, at the nested attribute where there is one.
func (r *lifecycle[T, M]) differs(
	w writeResult[T, M],
	i int,
	answered []field.Field,
	diags *diag.Diagnostics,
	answer M,
) {
	top := fieldsOf[T](w.plan)[i]
	planned, got := field.Leaves(w.plan, []field.Field{top}), field.Leaves(answer, answered[i:i+1])
	at := 0
	for j := range planned {
		if planned[j].Parent != nil && !planned[j].Same(got[j]) {
			at = j
			break
		}
	}
	// Terraform prints the lines of an attribute, and those of an object may hold a secret.
	secret := at == 0 && slices.ContainsFunc(planned, func(leaf field.Leaf) bool {
		_, ok := field.As[field.SecretField](leaf.Field)
		return ok
	})
	unchanged := false // the write did nothing, which the two values do not show
	if w.state != nil {
		before := field.Leaves(w.state, fieldsOf[T](w.state)[i:i+1])
		unchanged = at < len(before) && before[at].Same(got[at])
	}
	kept := keptValue{planned: planned[at].Value(), stored: got[at].Value(), unchanged: unchanged}
	r.notKept(planned[at].Path, answer, kept, w.state == nil, secret, diags)
}

func (r *lifecycle[T, M]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state := M(new(T))
	resp.Diagnostics.Append(r.getState(ctx, req.State, state)...)
	if resp.Diagnostics.HasError() || !r.connection.reachable(r.Server, r.subject(state), true, &resp.Diagnostics) {
		return
	}
	limit, diags := state.base().Timeouts.Read(ctx, r.Timeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	// The framework demands an identity even of a record that is gone.
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state)...)
	imported := getPrivate[string](ctx, req.Private, importedKey, &resp.Diagnostics) != ""
	sent := sentFrom(ctx, req.Private, &resp.Diagnostics)
	have := r.encode(state)
	r.fromPrivate(ctx, req.Private, &have.Record, &resp.Diagnostics)
	got, err := r.Store(&r.connection.Servers).Read(ctx, have.Record, have.Columns)
	switch {
	case errors.Is(err, record.ErrNotFound) && imported:
		resp.State.RemoveResource(ctx) // Terraform says itself that there is nothing to import
		return
	case errors.Is(err, record.ErrNotFound):
		resp.Diagnostics.AddWarning("servicenow_"+r.Type+" was deleted outside Terraform",
			r.subject(state)+" is not on the server any more, so it is planned to be created again. If it was not "+
				"deleted, check that the provider points at the right server."+r.blindness())
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		r.failed("read", state, err, &resp.Diagnostics)
		return
	}
	r.warn(got, &resp.Diagnostics)
	// What the configuration does not set is not ours: reading it back would plan to clear it. An import knows no
	// configuration, so it reads everything.
	unowned := func(f field.Field) bool {
		return !imported && f.Attribute() != nil && f.Value().IsNull() &&
			r.optionalOnly(field.PathOf(state, f.Attribute()))
	}
	if err := decode[T](state, got.Record, unowned); err != nil {
		r.failed("read", state, err, &resp.Diagnostics)
		return
	}
	r.fillZeros(ctx, state, got.Record)
	lost := sent.forget(got.LostSecrets)
	if r.connection.SecretChangeDetection == DetectByVersion && sent.dropDigests() || lost {
		setPrivate(ctx, resp.Private, secretsKey, sent, &resp.Diagnostics)
	}
	if a, ok := any(state).(adoptable); ok && imported {
		*a.adopted() = types.BoolValue(false)
	}
	if imported {
		setPrivate(ctx, resp.Private, importedKey, "", &resp.Diagnostics)
	}
	setPrivate(ctx, resp.Private, revisionKey, got.Revision, &resp.Diagnostics)
	setRemembered(ctx, resp.Private, got.Remembered, &resp.Diagnostics)
	resp.Diagnostics.Append(r.setState(ctx, &resp.State, state)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state)...)
}

func (r *lifecycle[T, M]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	state := M(new(T))
	resp.Diagnostics.Append(r.getState(ctx, req.State, state)...)
	if resp.Diagnostics.HasError() || !r.connection.reachable(r.Server, r.subject(state), true, &resp.Diagnostics) {
		return
	}
	limit, diags := state.base().Timeouts.Delete(ctx, r.Timeout)
	resp.Diagnostics.Append(diags...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	have := r.encode(state)
	r.fromPrivate(ctx, req.Private, &have.Record, &resp.Diagnostics)
	have.AllowLockout = have.AllowLockout || r.connection.AllowLockout
	warnings, err := r.Store(&r.connection.Servers).Delete(ctx, have.Record, have.Options)
	for _, warning := range warnings {
		resp.Diagnostics.AddWarning("servicenow_"+r.Type+" left something behind", r.subject(state)+": "+warning)
	}
	if err != nil {
		r.failed("delete", state, err, &resp.Diagnostics)
	}
}

func (r *lifecycle[T, M]) warn(got record.Answer, diags *diag.Diagnostics) {
	for _, warning := range got.Warnings {
		diags.AddWarning(fmt.Sprintf("Note on servicenow_%s", r.Type), warning)
	}
}

// blindness says what an account may not see although it is there.
func (r *lifecycle[T, M]) blindness() string {
	if r.Table == "sys_user" {
		return " Accounts without the role admin do not see inactive users at all, so this user may only have been " +
			"deactivated."
	}
	return ""
}

// hasDefault reports whether the provider sets an attribute that the configuration leaves out.
func hasDefault(a schema.Attribute) bool {
	switch a := a.(type) {
	case schema.BoolAttribute:
		return a.Default != nil
	case schema.Int64Attribute:
		return a.Default != nil
	case schema.StringAttribute:
		return a.Default != nil
	case schema.SetAttribute:
		return a.Default != nil
	}
	return false
}

// fillZeros reads an empty column as its default where that is false or 0: such as of a form that somebody left empty,
// it means the same to ServiceNow, and would be planned as a change.
func (r *lifecycle[T, M]) fillZeros(ctx context.Context, m M, from record.Record) {
	for _, f := range fieldsOf[T](m) {
		if f.Attribute() == nil || !f.Value().IsNull() || len(f.Columns()) != 1 {
			continue
		}
		if _, answered := from.Values[f.Columns()[0]]; !answered {
			continue
		}
		switch p := f.Attribute().(type) {
		case *types.Bool:
			a, _ := r.attributeOf(field.PathOf(m, p)).(schema.BoolAttribute)
			if a.Default != nil {
				var standard defaults.BoolResponse
				if a.Default.DefaultBool(ctx, defaults.BoolRequest{}, &standard); !standard.PlanValue.ValueBool() {
					*p = standard.PlanValue
				}
			}
		case *types.Int64:
			a, _ := r.attributeOf(field.PathOf(m, p)).(schema.Int64Attribute)
			if a.Default != nil {
				var standard defaults.Int64Response
				if a.Default.DefaultInt64(ctx, defaults.Int64Request{}, &standard); standard.PlanValue.ValueInt64() == 0 {
					*p = standard.PlanValue
				}
			}
		}
	}
}

// attributeOf returns the attribute of the definition at a path; nil for others.
func (r *lifecycle[T, M]) attributeOf(at path.Path) schema.Attribute {
	name, ok := at.Steps()[0].(path.PathStepAttributeName)
	if !ok {
		return nil
	}
	return r.Attributes[string(name)]
}

// optionalOnly reports whether an attribute is optional and never set by the server.
func (r *lifecycle[T, M]) optionalOnly(at path.Path) bool {
	a := r.attributeOf(at)
	return a != nil && a.IsOptional() && !a.IsComputed()
}
