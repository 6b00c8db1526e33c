package lifecycle

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

func (r *lifecycle[T, M]) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	config := M(new(T))
	resp.Diagnostics.Append(r.getConfig(ctx, req.Config, config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.checkColumns(config, &resp.Diagnostics)
	if c, ok := any(config).(Checker); ok {
		c.Check(ctx, &Report{diags: &resp.Diagnostics, model: config})
	}
}

// checkColumns refuses an additional column that an attribute writes already.
func (r *lifecycle[T, M]) checkColumns(config M, diags *diag.Diagnostics) {
	owner, computed := map[string]string{"sys_id": "id"}, map[string]bool{"sys_id": true}
	var further *field.Leaf
	for _, leaf := range leavesOf[T](config) {
		if _, ok := field.As[field.Columns](leaf.Field); ok {
			further = &leaf
			continue
		}
		columns := leaf.Columns()
		if s, ok := field.As[field.SecretField](leaf.Field); ok {
			columns = []string{s.Column()}
		}
		for _, column := range columns {
			owner[column] = leaf.Path.String()
			a := r.attributeOf(leaf.Path)
			computed[column] = a != nil && a.IsComputed() && !a.IsOptional()
		}
	}
	if further == nil {
		return
	}
	for _, column := range further.Columns() {
		attribute, ok := owner[column]
		switch {
		case ok && computed[column]:
			diags.AddAttributeError(further.Path.AtMapKey(column), "The column has an attribute of its own",
				"The column "+column+" is read into the attribute "+attribute+", so it is not to be written. Take it out of "+
					further.Path.String()+".")
		case ok:
			diags.AddAttributeError(further.Path.AtMapKey(column), "The column has an attribute of its own",
				"The column "+column+" is written by the attribute "+attribute+". Set it there, and take it out of "+
					further.Path.String()+".")
		}
	}
}

func (r *lifecycle[T, M]) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	if req.Plan.Raw.IsNull() {
		r.planDestroy(ctx, req, &resp.Diagnostics)
		return
	}
	if r.connection == nil {
		return
	}
	plan, config := M(new(T)), M(new(T))
	resp.Diagnostics.Append(r.getPlan(ctx, req.Plan, plan)...)
	resp.Diagnostics.Append(r.getConfig(ctx, req.Config, config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !r.connection.reachable(r.Server, r.subject(plan), false, &resp.Diagnostics) {
		return
	}
	secrets := secretsIn[T](config)
	creating, changed := req.State.Raw.IsNull(), true
	var unsettled []field.Field
	var state M
	decided := secrets.decide(secretContext{creating: true, detection: r.connection.SecretChangeDetection})
	if creating {
		if s, ok := any(plan).(withSecrets); ok && secrets.none() {
			*s.secretsUpdatedAt() = types.StringNull()
		}
		r.checkKey(plan, &resp.Diagnostics)
		r.planChange(ctx, Change{Config: config, Writes: true}, plan, &resp.Diagnostics)
	} else {
		state = M(new(T))
		resp.Diagnostics.Append(r.getState(ctx, req.State, state)...)
		if resp.Diagnostics.HasError() {
			return
		}
		context := r.secretContext(ctx, state, req.Private, &resp.Diagnostics)
		decided = secrets.decide(context)
		r.planSecrets(plan, state, context, decided, &resp.Diagnostics)
		if a, ok := any(plan).(adoptable); ok {
			*a.adopted() = *any(state).(adoptable).adopted() //nolint:forcetypeassert // same type as plan
		}
		resp.RequiresReplace = append(resp.RequiresReplace, r.planApplications(ctx, plan, state, &resp.Diagnostics)...)
		moved := keepSpellings[T](plan, config, state)
		changed = len(moved) > 0
		writes := changed || decided.moves()
		unsettled = keepUnowned[T](plan, config, state, moved, writes)
		remembered := getPrivate[map[string]string](ctx, req.Private, rememberedKey, &resp.Diagnostics)
		change := Change{Before: state, Config: config, Writes: writes, Remembered: remembered}
		r.planChange(ctx, change, plan, &resp.Diagnostics)
	}
	update := !creating && (changed || decided.sends())
	if creating || decided.sends() || update && r.Server == Kibana { // Kibana's PUT carries all secrets
		secrets.require(update, &resp.Diagnostics)
	}
	if changed {
		r.warnOfMissing(ctx, plan, state, &resp.Diagnostics)
	}
	if p, ok := any(plan).(Planner); ok && changed {
		report := &Report{diags: &resp.Diagnostics, model: plan, AllowLockout: r.connection.AllowLockout}
		p.Plan(ctx, &r.connection.Servers, secrets.entryColumns(), report)
	}
	resp.Diagnostics.Append(r.setPlan(ctx, &resp.Plan, plan)...)
	for _, f := range unsettled {
		kind := f.Value().Type(ctx)
		unknown, err := kind.ValueFromTerraform(ctx, tftypes.NewValue(kind.TerraformType(ctx), tftypes.UnknownValue))
		if err != nil {
			resp.Diagnostics.AddError("Cannot plan servicenow_"+r.Type, err.Error())
			return
		}
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, field.PathOf(plan, f.Attribute()), unknown)...)
	}
}

// checkKey refuses a natural key that cannot be looked up before its create.
func (r *lifecycle[T, M]) checkKey(plan M, diags *diag.Diagnostics) {
	if r.Server != ServiceNow || !r.connection.ServiceNow.DuplicateCheck {
		return
	}
	for _, attribute := range r.Key {
		for _, leaf := range leavesOf[T](plan) {
			value, ok := leaf.Value().(types.String)
			if !ok || !leaf.Path.Equal(path.Root(attribute)) {
				continue
			}
			if err := servicenowapi.Queryable(value.ValueString()); err != nil {
				diags.AddAttributeError(leaf.Path, "A name that cannot be looked up", leaf.Path.String()+" "+err.Error()+
					". Choose another one, or set duplicate_check = false in the provider block: then the record is created "+
					"without checking whether it exists.")
			}
		}
	}
}

// planChange lets a model plan what it works out itself.
func (r *lifecycle[T, M]) planChange(ctx context.Context, change Change, plan M, diags *diag.Diagnostics) {
	if p, ok := any(plan).(ChangePlanner); ok {
		p.PlanChange(ctx, &r.connection.Servers, change, &Report{diags: diags, model: plan})
	}
}

// planDestroy lets a model warn of what goes with it.
func (r *lifecycle[T, M]) planDestroy(ctx context.Context, req resource.ModifyPlanRequest, diags *diag.Diagnostics) {
	state := M(new(T))
	p, ok := any(state).(DestroyPlanner)
	if !ok {
		return
	}
	diags.Append(r.getState(ctx, req.State, state)...)
	if !diags.HasError() {
		p.PlanDestroy(&Report{diags: diags, model: state})
	}
}

// keepSpellings plans no change for another spelling of what is there. It returns the attributes that do change.
func keepSpellings[T any, M Model[T]](plan, config, state M) (moved map[any]bool) {
	planned, configured, before := fieldsOf[T](plan), fieldsOf[T](config), fieldsOf[T](state)
	moved = map[any]bool{}
	for i, p := range planned {
		if p.Attribute() == nil || p.Value().IsUnknown() && configured[i].Value().IsNull() {
			continue // left to the server: see keepUnowned
		}
		// Terraform takes no null for a value that is configured, such as "{}" or an object of nothing but nulls.
		if p.Same(before[i]) && (p.Value().IsNull() || !before[i].Value().IsNull()) {
			p.Assign(before[i])
			continue
		}
		moved[p.Attribute()] = true
	}
	plan.base().ID = state.base().ID
	return moved
}

// keepUnowned plans what is left to the server to stay as it is, but for what the write at hand may move. It returns
// the fields that the write may move although Terraform, which counts only attributes that change, kept them.
func keepUnowned[T any, M Model[T]](plan, config, state M, moved map[any]bool, write bool) (unsettled []field.Field) {
	planned, configured, before := fieldsOf[T](plan), fieldsOf[T](config), fieldsOf[T](state)
	for i, p := range planned {
		if p.Attribute() == nil || !configured[i].Value().IsNull() {
			continue
		}
		switch may := moves(p, moved, write); {
		case p.Value().IsUnknown() && !may:
			p.Assign(before[i])
		case !p.Value().IsUnknown() && may:
			unsettled = append(unsettled, p)
		}
	}
	return unsettled
}

// moves reports whether a write may move a value that is left to the server.
func moves(f field.Field, moved map[any]bool, write bool) bool {
	following, ok := field.As[field.Following](f)
	if !ok {
		return false
	}
	if len(following.Attributes) == 0 {
		return write
	}
	for _, attribute := range following.Attributes {
		if moved[attribute] {
			return true
		}
	}
	return false
}

// planSecrets shows in secrets_updated_at whether an update changes secrets, and warns of what may surprise.
func (r *lifecycle[T, M]) planSecrets(
	plan, state M, c secretContext, decided secretDecisions, diags *diag.Diagnostics,
) {
	s, ok := any(plan).(withSecrets)
	if !ok {
		return
	}
	*s.secretsUpdatedAt() = *any(state).(withSecrets).secretsUpdatedAt() //nolint:forcetypeassert // same type as plan
	if decided.moves() {
		*s.secretsUpdatedAt() = types.StringUnknown()
	}
	if c.missing && !decided.moves() {
		diags.AddWarning("Secrets are missing", r.subject(state)+" has no secrets on the server any more "+
			"(is_missing_secrets), so it cannot log in where it connects to, and the configuration sets none that could be "+
			"sent again. Set them: they are write-only, and never stored.")
	}
	if names := decided.names(); c.sent == nil && len(names) > 0 {
		diags.AddWarning("Secrets of an imported resource are sent", r.subject(state)+" was imported and never written "+
			"from here, so nothing is known of its secrets, and this plan sends "+strings.Join(names, ", ")+". A wrong value "+
			"would break what works now.")
	}
	for i, secret := range decided.set {
		_, known := sentOf(c.sent, secret.column)
		if c.detection == DetectByVersion && !known && secret.version.IsNull() && !secret.value.IsNull() &&
			decided.decisions[i] == keepSecret {
			diags.AddWarning("A secret without a version is not sent", secret.at.String()+" of "+r.subject(state)+" is "+
				"configured without a version, and with secret_change_detection = \"version\" only a create sends such a "+
				"secret. Set its version to send it.")
		}
	}
}

func sentOf(sent *sentSecrets, column string) (sentSecret, bool) {
	if sent == nil {
		return sentSecret{}, false
	}
	s, ok := sent.ByColumn[column]
	return s, ok
}
