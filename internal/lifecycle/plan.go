package lifecycle

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
)

func (r *lifecycle[T, M]) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	config := M(new(T))
	resp.Diagnostics.Append(req.Config.Get(ctx, config)...)
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
	owner := map[string]string{"sys_id": "id"}
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
		}
	}
	if further == nil {
		return
	}
	for _, column := range further.Columns() {
		if attribute, ok := owner[column]; ok {
			diags.AddAttributeError(further.Path.AtMapKey(column), "The column has an attribute of its own",
				"The column "+column+" is written by the attribute "+attribute+". Set it there, and take it out of "+
					further.Path.String()+".")
		}
	}
}

func (r *lifecycle[T, M]) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	if req.Plan.Raw.IsNull() || r.connection == nil {
		return
	}
	plan, config := M(new(T)), M(new(T))
	resp.Diagnostics.Append(req.Plan.Get(ctx, plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !r.connection.reachable(r.Server, r.subject(plan), false, &resp.Diagnostics) {
		return
	}
	secrets := secretsIn[T](config)
	sending, changed := true, true
	var loose []field.Field
	if s, ok := any(plan).(secretive); ok && req.State.Raw.IsNull() && secrets.none() {
		*s.secretsUpdatedAt() = types.StringNull()
	}
	if !req.State.Raw.IsNull() {
		state := M(new(T))
		resp.Diagnostics.Append(req.State.Get(ctx, state)...)
		if resp.Diagnostics.HasError() {
			return
		}
		moved := keepSpellings[T](plan, config, state)
		changed = len(moved) > 0
		sending = r.planSecrets(ctx, plan, state, secrets, changed, req, resp)
		s, ok := any(plan).(secretive)
		loose = keepUnowned[T](plan, config, state, moved, changed || ok && s.secretsUpdatedAt().IsUnknown())
	}
	if sending {
		requireSecrets(secrets, &resp.Diagnostics)
	}
	if p, ok := any(plan).(Planner); ok && changed {
		p.Plan(ctx, &r.connection.Servers, secrets.members(), &Report{diags: &resp.Diagnostics, model: plan})
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	for _, f := range loose {
		kind := f.Value().Type(ctx)
		unknown, err := kind.ValueFromTerraform(ctx, tftypes.NewValue(kind.TerraformType(ctx), tftypes.UnknownValue))
		if err != nil {
			resp.Diagnostics.AddError("Cannot plan servicenow_"+r.Type, err.Error())
			return
		}
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, field.PathOf(plan, f.Attribute()), unknown)...)
	}
}

// keepSpellings plans no change for another spelling of what is there. It answers with the attributes that do change.
func keepSpellings[T any, M Model[T]](plan, config, state M) (moved map[any]bool) {
	planned, configured, before := fieldsOf[T](plan), fieldsOf[T](config), fieldsOf[T](state)
	moved = map[any]bool{}
	for i, p := range planned {
		if p.Attribute() == nil || p.Value().IsUnknown() && configured[i].Value().IsNull() {
			continue // left to the server: see keepUnowned
		}
		if p.Same(before[i]) {
			p.Assign(before[i])
			continue
		}
		moved[p.Attribute()] = true
	}
	plan.base().ID = state.base().ID
	return moved
}

// keepUnowned plans what is left to the server to stay as it is, but for what the write at hand may move. It answers
// with the fields that the write may move although Terraform, which counts only attributes that change, kept them.
func keepUnowned[T any, M Model[T]](plan, config, state M, moved map[any]bool, written bool) (loose []field.Field) {
	planned, configured, before := fieldsOf[T](plan), fieldsOf[T](config), fieldsOf[T](state)
	for i, p := range planned {
		if p.Attribute() == nil || !configured[i].Value().IsNull() {
			continue
		}
		switch may := moves(p, moved, written); {
		case p.Value().IsUnknown() && !may:
			p.Assign(before[i])
		case !p.Value().IsUnknown() && may:
			loose = append(loose, p)
		}
	}
	return loose
}

// moves tells whether a write may move a value that is left to the server.
func moves(f field.Field, moved map[any]bool, written bool) bool {
	following, ok := field.As[field.Following](f)
	if !ok {
		return false
	}
	if len(following.Attributes) == 0 {
		return written
	}
	for _, attribute := range following.Attributes {
		if moved[attribute] {
			return true
		}
	}
	return false
}

// planSecrets shows in secrets_updated_at whether an update sends secrets, and tells it.
func (r *lifecycle[T, M]) planSecrets(
	ctx context.Context, plan, state M, secrets secretSet, changed bool,
	req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) bool {
	s, ok := any(plan).(secretive)
	if !ok {
		return false
	}
	moved, unknown := secrets.planned(ctx, secretsIn[T](state), req.Private, &resp.Diagnostics)
	m, ok := any(state).(Resender)
	lost := ok && m.MissesSecrets()
	// Kibana's PUT replaces the whole connector, so each of its updates carries the secrets.
	moved = moved || secrets.sendable() && (lost || r.Server == Kibana && changed)
	if moved || unknown {
		*s.secretsUpdatedAt() = types.StringUnknown()
	} else {
		*s.secretsUpdatedAt() = *any(state).(secretive).secretsUpdatedAt() //nolint:forcetypeassert // same type as plan
	}
	return moved
}

// requireSecrets demands what a write cannot do without. The schema leaves every secret optional, so that generated
// configuration validates.
func requireSecrets(secrets secretSet, diags *diag.Diagnostics) {
	for _, s := range secrets {
		if s.required && s.value.IsNull() {
			addError(diags, s.at, "A secret is missing", s.at.String()+" is sent to the server by this plan. Set it; "+
				"it is write-only and never stored, so Terraform cannot take it from the state.")
		}
	}
}
