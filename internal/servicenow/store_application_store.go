package servicenow

import (
	"context"
	"errors"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// storeApplications installs by jobs, and reads rows.
type storeApplications struct {
	*servicenowapi.Table
	sn *servicenowapi.Client
}

func newStoreApplications(c *lifecycle.Servers) record.Store {
	return storeApplications{c.ServiceNow.Table("sys_store_app"), c.ServiceNow}
}

func upgradeBaseApplication(o *record.Options) *bool { return &o.UpgradeBaseApplication }

func (s storeApplications) find(ctx context.Context, scope string, columns []string) (record.Record, error) {
	match := record.Match{Values: map[string]string{"scope": scope}}
	rows, err := s.Find(ctx, match, append([]string{"latest_version"}, columns...), 1)
	if err != nil {
		return record.Record{}, err
	}
	if len(rows) == 0 {
		return record.Record{}, record.ErrNotFound
	}
	return rows[0], nil
}

// Create takes an application that is installed in the wanted version as it is.
func (s storeApplications) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	scope, version := want.Text("scope"), want.Text("version")
	have, err := s.find(ctx, scope, want.Columns)
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return record.Answer{}, err
	}
	if err == nil {
		wanted := version
		if wanted == "" {
			wanted = have.Text("latest_version")
		}
		if wanted == "" || wanted == have.Text("version") {
			return record.Answer{Record: have}, nil
		}
	}
	return s.install(ctx, want)
}

func (s storeApplications) Update(
	ctx context.Context, have record.Record, want record.Write,
) (record.Answer, error) {
	version := want.Text("version")
	if version == "" || version == have.Text("version") {
		return record.Answer{Record: have}, nil
	}
	return s.install(ctx, want)
}

// install returns what is installed then, also when the job failed or its time was over.
func (s storeApplications) install(ctx context.Context, want record.Write) (record.Answer, error) {
	scope := want.Text("scope")
	progress, err := s.sn.InstallApplication(ctx, scope, want.Text("version"),
		want.UpgradeBaseApplication)
	if err == nil {
		err = s.sn.Await(ctx, progress, logged(ctx, "Installing application", scope))
	}
	if err != nil {
		const lookTime = 10 * time.Second
		looking, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
		defer cancel()
		got, ferr := s.find(looking, scope, want.Columns)
		if ferr != nil {
			return record.Answer{}, err // not installed, as far as is known
		}
		return record.Answer{Record: got}, err
	}
	got, err := s.find(ctx, scope, want.Columns)
	return record.Answer{Record: got}, err
}

// Delete cannot: the CI/CD API has no way to uninstall what came from the store.
func (s storeApplications) Delete(context.Context, record.Record, record.Options) ([]string, error) {
	return []string{"no API uninstalls a store application, so it stays installed. Terraform only forgets it"}, nil
}
