package servicenow

import (
	"context"
	"errors"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// userRoleStore takes care of rows that exist because the role is inherited.
type userRoleStore struct{ *servicenowapi.Table }

const takenOver = "The user has this role by inheritance already, and the instance keeps one row per user and role, " +
	"so that row was taken over. The user loses the role when the inheritance ends; the next apply then grants it " +
	"directly."

var _ record.Lister = userRoleStore{}

func newUserRoleStore(c *lifecycle.Servers) record.Store {
	return userRoleStore{c.ServiceNow.Table("sys_user_has_role")}
}

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
	const stays = "the user still has the role through a group or another role, so its row was left in place"
	if isInherited(now.Record) {
		return []string{stays}, nil
	}
	warnings, err := s.Table.Delete(ctx, have, options)
	if err != nil && keepsOneRow(now.Record) {
		// Role Management V2 takes the direct grant away, and keeps the row for the inherited ones.
		after, rerr := s.Read(ctx, have, []string{"inherited", "inh_count"})
		if rerr == nil && isInherited(after.Record) {
			return []string{stays}, nil
		}
	}
	return warnings, err
}

func isInherited(row record.Record) bool { return servicenowapi.IsTrue(row.Text("inherited")) }

// keepsOneRow reports Role Management V2: it counts in inh_count how often a role is inherited, its predecessor does
// not.
func keepsOneRow(row record.Record) bool {
	count := row.Text("inh_count")
	return count != "" && count != "0"
}

func isUniqueViolation(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && strings.Contains(strings.ToLower(e.Message+" "+e.Detail), "unique")
}
