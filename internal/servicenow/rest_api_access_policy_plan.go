package servicenow

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

func (m *restAPIAccessPolicy) Check(_ context.Context, report *lifecycle.Report) {
	m.restAPI.check(&m.ApplyAll, report)
	switch id := m.RESTAPIID.ValueString(); {
	case m.Global.ValueBool() && id != "":
		report.Error(&m.RESTAPIID, "A global policy with an API", "global = true applies to every API. Take rest_api_id "+
			"out, or leave the policy to this API.")
	case m.RESTAPIID.IsNull() && !m.Global.ValueBool() && !m.Global.IsUnknown():
		report.Warn(&m.RESTAPIID, "A policy without an API", "The policy applies to nothing until an API is chosen in its "+
			"form. Set rest_api_id, or global = true.")
	default:
		warnUnlessSysID(&m.RESTAPIID, "The API of an access policy", report)
	}
}

// Plan refuses at plan what the store would refuse before its first write, as far as the profiles are known.
func (m *restAPIAccessPolicy) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	want := record.Write{Record: record.Record{ID: m.ID.ValueString(), Values: map[string]any{}}}
	for _, f := range m.Fields() {
		f.Encode(&want)
	}
	if m.AuthProfileIDs.IsUnknown() || slices.ContainsFunc(m.AuthProfileIDs.Elements(), attr.Value.IsUnknown) {
		return
	}
	ids, owned := mappedProfiles.in(want.Record)
	change := policyChange(want)
	if change.ID == "" {
		change.ID, change.New = servicenowapi.NewSysID(), true
	}
	if owned || change.New {
		change.Profiles = append([]string{}, ids...)
	}
	refusal := &accessPolicyError{}
	if m.Global.ValueBool() {
		guard := accessPolicyGuard{c.ServiceNow}
		profiles, err := guard.profiles(ctx, ids)
		if err == nil && errors.As(guard.refuseKeys(want.Record, profiles), &refusal) {
			report.Error(&m.AuthProfileIDs, refusal.summary, refusal.detail)
			return
		}
	}
	if want.AllowLockout || report.AllowLockout {
		return
	}
	// Whatever else goes wrong, the store meets again and reports.
	var lockout *servicenowapi.LockoutError
	if err := c.ServiceNow.CheckLockout(ctx, []servicenowapi.RowChange{change}); errors.As(err, &lockout) {
		report.Error(&m.AuthProfileIDs, lockout.Summary, lockout.Detail)
	}
}
