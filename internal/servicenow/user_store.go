package servicenow

import (
	"context"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// userStore sends the password apart: without sysparm_input_display_value the instance stores it unhashed, and the user
// cannot log in; with it, every other column of the request would be read as its label.
type userStore struct{ *servicenowapi.Table }

var _ record.Lister = userStore{}

func newUserStore(c *lifecycle.Servers) record.Store {
	return userStore{c.ServiceNow.Table("sys_user")}
}

func (s userStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	values := want
	values.Secrets = nil
	got, err := s.Table.Create(ctx, values)
	if err != nil || len(want.Secrets) == 0 {
		return got, err
	}
	return s.setPassword(ctx, got, want)
}

func (s userStore) Update(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	values := want
	values.Secrets = nil
	got, err := s.Table.Update(ctx, have, values)
	if err != nil || len(want.SecretsToSend()) == 0 {
		return got, err
	}
	return s.setPassword(ctx, got, want)
}

// setPassword returns the record as it is, should the password be refused.
func (s userStore) setPassword(ctx context.Context, have record.Answer, want record.Write) (record.Answer, error) {
	got, err := s.WriteAsDisplayed(ctx, have.Record, want.Columns, want.Secrets, want.Options)
	if err != nil {
		return have, err
	}
	got.Warnings = append(have.Warnings, got.Warnings...)
	return got, nil
}
