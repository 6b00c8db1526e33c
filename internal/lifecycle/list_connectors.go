package lifecycle

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/list/schema"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

func (r *lifecycle[T, M]) connectorListSchema() schema.Schema {
	s := schema.Schema{
		MarkdownDescription: "Lists the connectors of this type in one Kibana space. " + limited,
		Attributes: map[string]schema.Attribute{"space_id": schema.StringAttribute{
			Optional: true, MarkdownDescription: "The Kibana space. Default: the provider's.",
		}},
	}
	if r.ListedBy != "" {
		s.MarkdownDescription = "Lists the connectors in one Kibana space. " + limited
		s.Attributes[r.ListedBy] = schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Lists connectors of this type only. Default: all types but those that have a resource and a " +
				"list of their own: `" + strings.Join(r.ListedElsewhere, "`, `") + "`.",
		}
	}
	return s
}

// eachConnector lists the connectors of a space that can be managed: all of one kind, or those that have no resource of
// their own.
func (r *lifecycle[T, M]) eachConnector(
	ctx context.Context, asked listing, limit int, do func(record.Record) error,
) error {
	finder, ok := r.Store(&r.connection.Servers).(record.Finder)
	if !ok {
		return errors.ErrUnsupported
	}
	match := record.Match{Space: asked.space, Values: map[string]string{}}
	if asked.kind != "" {
		match.Values[r.ListedBy] = asked.kind
	}
	found, err := finder.Find(ctx, match, nil, math.MaxInt)
	if err != nil {
		return err
	}
	for _, rec := range found {
		elsewhere := asked.kind == "" && r.ListedBy != "" && slices.Contains(r.ListedElsewhere, rec.Text(r.ListedBy))
		if elsewhere || rec.Text("is_preconfigured") == "true" { // those cannot be managed
			continue
		}
		if err := do(rec); err != nil {
			return err
		}
		if limit--; limit == 0 {
			return nil
		}
	}
	return nil
}
