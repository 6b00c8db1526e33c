package servicenow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// installTimeout is how long installations may take unless the configuration says otherwise: since the Tokyo release
// they queue for a lock of the whole instance.
const installTimeout = time.Hour

// pluginStore activates plugins, and reads them from v_plugin or, where that shows nothing, from sys_plugins.
type pluginStore struct{ sn *servicenowapi.Client }

func newPluginStore(c *lifecycle.Servers) record.Store { return pluginStore{c.ServiceNow} }

var pluginColumns = []string{"id", "name", "active", "version"}

// errPluginsUnreadable means that nothing is known: some instances show accounts neither table, or empty ones, which
// does not prove that a plugin is missing.
var errPluginsUnreadable = errors.New("the account may read neither v_plugin nor sys_plugins")

// Find looks plugins up, for imports and the data source.
func (s pluginStore) Find(
	ctx context.Context, match record.Match, _ []string, limit int,
) ([]record.Record, error) {
	readable := false
	for _, table := range []string{"v_plugin", "sys_plugins"} {
		rows, err := s.sn.Table(table).Find(ctx, match, pluginColumns, limit)
		if forbidden(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			for i := range rows {
				rows[i].Values["active"] = isActivePlugin(rows[i])
			}
			return rows, nil
		}
		others, err := s.sn.Table(table).Query(ctx, "", []string{"id"}, 1)
		readable = readable || err == nil && len(others) > 0
	}
	if !readable {
		return nil, errPluginsUnreadable
	}
	return nil, nil
}

var _ record.Lister = pluginStore{}

// Each lists the active plugins that match a query.
func (s pluginStore) Each(
	ctx context.Context, query string, columns []string, limit int, do func(record.Record) error,
) (hidden int, err error) {
	columns = slices.Concat(columns, pluginColumns)
	for _, table := range []string{"v_plugin", "sys_plugins"} {
		shown, done := 0, 0
		hidden, err = s.sn.Table(table).Each(ctx, query, columns, 0, func(row record.Record) error {
			shown++
			if !isActivePlugin(row) || limit > 0 && done == limit {
				return nil
			}
			done++
			row.Values["active"] = true
			return do(row)
		})
		if shown > 0 || err != nil && !forbidden(err) {
			return hidden, err
		}
	}
	return hidden, err
}

// isActivePlugin understands both spellings that instances have.
func isActivePlugin(row record.Record) bool {
	active := row.Text("active")
	return active == "active" || active == "true"
}

func forbidden(err error) bool {
	return rest.HasStatus(err, http.StatusForbidden) || rest.HasStatus(err, http.StatusBadRequest)
}

// find returns the plugin if it is active.
func (s pluginStore) find(ctx context.Context, id string) (record.Record, error) {
	rows, err := s.Find(ctx, record.Match{Values: map[string]string{"id": id}}, nil, 5)
	if err != nil {
		return record.Record{}, err
	}
	for _, row := range rows {
		if isActivePlugin(row) {
			return row, nil
		}
	}
	return record.Record{}, record.ErrNotFound
}

func (s pluginStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	id := want.Text("id")
	if found, err := s.find(ctx, id); err == nil {
		return record.Answer{Record: found}, nil
	}
	progress, err := s.sn.ActivatePlugin(ctx, id)
	if err == nil {
		err = s.sn.Await(ctx, progress, logged(ctx, "Activating plugin", id))
	}
	if err != nil {
		// Somebody else may have been faster, or the job got through although its progress could not be read.
		if found, missing := s.find(ctx, id); missing == nil {
			return record.Answer{Record: found, Warnings: []string{"The plugin is active, although activating it ended so: " +
				err.Error()}}, nil
		}
		return record.Answer{}, err
	}
	found, err := s.find(ctx, id)
	if errors.Is(err, errPluginsUnreadable) || errors.Is(err, record.ErrNotFound) {
		return record.Answer{
			Record: record.Record{ID: id, Values: map[string]any{"id": id, "active": true}},
			Warnings: []string{fmt.Sprintf("The instance reports that activating %s succeeded, but does not show it in "+
				"v_plugin (%s), so its name and version are not known.", id, err)},
		}, nil
	}
	return record.Answer{Record: found}, err
}

// logged reports each step of a job, and through TF_LOG only: Terraform itself says that it is still creating.
func logged(ctx context.Context, what, id string) func(servicenowapi.Progress) {
	return func(p servicenowapi.Progress) {
		tflog.Info(ctx, what, map[string]any{"id": id, "job": p.ID, "status": p.Label, "percent_complete": p.Percent})
	}
}

// Read takes a plugin that is not active any more for gone, so that it is activated again.
func (s pluginStore) Read(ctx context.Context, have record.Record, _ []string) (record.Answer, error) {
	id := have.Text("id")
	if id == "" { // imported by sys_id
		row, err := s.sn.Table("v_plugin").Read(ctx, have, pluginColumns)
		if err != nil {
			return row, err
		}
		id = row.Text("id")
	}
	found, err := s.find(ctx, id)
	if errors.Is(err, errPluginsUnreadable) {
		return record.Answer{
			Record:   have,
			Warnings: []string{"Whether the plugin " + id + " is still active is not known: " + err.Error() + "."},
		}, nil
	}
	if err == nil && have.ID != "" {
		found.ID = have.ID // which is the plugin's own id, where its row could not be seen when it was activated
	}
	return record.Answer{Record: found}, err
}

// Update has nothing to write: what configuration can change replaces the resource.
func (s pluginStore) Update(_ context.Context, have record.Record, _ record.Write) (record.Answer, error) {
	return record.Answer{Record: have}, nil
}

// Delete cannot: the platform has no way to remove a plugin.
func (s pluginStore) Delete(context.Context, record.Record, record.Options) ([]string, error) {
	return []string{"a plugin cannot be removed, so it stays active. Terraform only forgets it"}, nil
}
