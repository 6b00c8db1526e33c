package servicenow

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewUserRole gives one role to one user (sys_user_has_role).
var NewUserRole = lifecycle.New[userRole](lifecycle.Definition{
	Type:     "user_role",
	Table:    "sys_user_has_role",
	Key:      []string{"user_id", "role_id"},
	Adoption: lifecycle.AdoptBelonging,
	Display:  "{user.user_name} · role {role.name}",
	LeftOut: lifecycle.LeftOut{
		Query: "inherited!=true", Attribute: "include_inherited",
		Description: "Whether to list the roles too that users have through a group or another role.",
	},
	Store: func(c *lifecycle.Servers) record.Store { return userRoleStore{c.ServiceNow.Table("sys_user_has_role")} },
	Description: "One role of one user (`sys_user_has_role`). A role that the user has already through a group or " +
		"another role is taken over, with a warning, where the instance keeps one row per user and role (Role Management " +
		"V2); otherwise the role is given directly beside it. Destroying leaves a role that is still inherited.",
	Attributes: map[string]schema.Attribute{
		"user_id": schema.StringAttribute{
			Required: true, Validators: []validator.String{lifecycle.SysID()},
			MarkdownDescription: "The user: `id` of a `servicenow_user`. Changing it replaces the grant.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"role_id": schema.StringAttribute{
			Required: true, Validators: []validator.String{lifecycle.SysID()},
			MarkdownDescription: "The role: `id` of a `servicenow_role`, a resource or a data source. Changing it replaces " +
				"the grant.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"inherited": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether the user has the role through a group or another role.",
		},
	},
})

type userRole struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	UserID    types.String `tfsdk:"user_id"`
	RoleID    types.String `tfsdk:"role_id"`
	Inherited types.Bool   `tfsdk:"inherited"`
}

func (m *userRole) Fields() []field.Field {
	return []field.Field{
		field.Reference(field.String("user", &m.UserID), "sys_user"),
		field.Reference(field.String("role", &m.RoleID), "sys_user_role"),
		field.Computed(field.Bool("inherited", &m.Inherited)),
	}
}

// userRoleStore minds rows that exist because the role is inherited.
type userRoleStore struct{ *servicenowapi.Table }

const takenOver = "The user has this role by inheritance already, and the instance keeps one row per user and role, " +
	"so that row was taken over. The user loses the role when the inheritance ends; the next apply then gives it directly."

var _ record.Lister = userRoleStore{}

func (s userRoleStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	match := record.Match{Values: map[string]string{"user": want.Text("user"), "role": want.Text("role")}}
	rows, err := s.Find(ctx, match, append([]string{"inherited", "inh_count"}, want.Columns...), 20)
	if err != nil {
		return record.Answer{}, err
	}
	var inherited *record.Record
	for _, row := range rows {
		if !isInherited(row) {
			return record.Answer{}, &record.ExistsError{IDs: []string{row.ID}, Key: "this user and this role"}
		}
		inherited = &row
	}
	if inherited != nil && keepsOneRow(*inherited) {
		return record.Answer{Record: *inherited, Warnings: []string{takenOver}}, nil
	}
	want.LookedUp = true
	got, err := s.Table.Create(ctx, want)
	switch {
	case inherited != nil && err == nil && got.ID == inherited.ID, inherited != nil && isUniqueViolation(err):
		return record.Answer{Record: *inherited, Warnings: []string{takenOver}}, nil
	}
	return got, err
}

// Delete leaves a row that is inherited now, whatever it was when it was made.
func (s userRoleStore) Delete(ctx context.Context, have record.Record, options record.Options) ([]string, error) {
	now, err := s.Read(ctx, have, []string{"inherited", "inh_count"})
	if errors.Is(err, record.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if isInherited(now.Record) {
		return []string{"the user still has the role through a group or another role, so its row was left in place"}, nil
	}
	return s.Table.Delete(ctx, have, options)
}

func isInherited(row record.Record) bool { return row.Text("inherited") == "true" }

// keepsOneRow tells Role Management V2 from its predecessor: it counts in inh_count how often a role is inherited.
func keepsOneRow(row record.Record) bool {
	count := row.Text("inh_count")
	return count != "" && count != "0"
}

func isUniqueViolation(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && strings.Contains(strings.ToLower(e.Message+" "+e.Detail), "unique")
}
