package lifecycle

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

func (r *lifecycle[T, M]) connectorListSchema() schema.Schema {
	s := schema.Schema{
		MarkdownDescription: "Lists the connectors of this type in one Kibana space. " + limited,
		Attributes: map[string]schema.Attribute{"space_id": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "The Kibana space, or `*` for all that the account sees. Default: the provider's.",
		}},
	}
	if r.Listed {
		s.MarkdownDescription = "Lists the " + r.Table + " of one Kibana space, or of all. " + limited
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
	spaces := []string{asked.space}
	if asked.space == everySpace {
		var err error
		if spaces, err = r.connection.Servers.Kibana.Spaces(ctx); err != nil {
			return err
		}
	}
	for _, match.Space = range spaces {
		found, err := finder.Find(ctx, match, nil, math.MaxInt)
		if err != nil {
			return err
		}
		enough, err := r.pushConnectors(found, asked, &limit, do)
		if err != nil || enough {
			return err
		}
	}
	return nil
}

// everySpace asks for all spaces, as Kibana itself spells it in roles.
const everySpace = "*"

func (r *lifecycle[T, M]) pushConnectors(
	found []record.Record, asked listing, limit *int, do func(record.Record) error,
) (enough bool, err error) {
	for _, rec := range found {
		elsewhere := asked.kind == "" && r.ListedBy != "" && slices.Contains(r.ListedElsewhere, rec.Text(r.ListedBy))
		if elsewhere || rec.Text("is_preconfigured") == "true" { // those cannot be managed
			continue
		}
		if err := do(rec); err != nil {
			return false, err
		}
		if *limit--; *limit == 0 {
			return true, nil
		}
	}
	return false, nil
}
