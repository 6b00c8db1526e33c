package field

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Set binds a set of strings to a column that holds them separated by commas, as glide_list does.
func Set(column string, p *types.Set) Field {
	return scalar[types.Set]{
		column: column, p: p,
		wire: func(v types.Set) any { return strings.Join(sorted(v.Elements()), ",") },
		parse: func(answer any) (types.Set, error) {
			items := split(answer)
			if len(items) == 0 {
				return types.SetNull(types.StringType), nil
			}
			slices.SortFunc(items, func(a, b attr.Value) int { return strings.Compare(a.String(), b.String()) })
			return types.SetValueMust(types.StringType, slices.CompactFunc(items, attr.Value.Equal)), nil
		},
	}
}

// Members binds a set of strings to the members of a list that the record holds as such, for stores that keep one row
// per member. Null leaves the members alone, and an empty set owns none.
func Members(column string, p *types.Set) Field {
	return scalar[types.Set]{
		column: column, p: p, rows: true,
		wire: func(v types.Set) any { return sorted(v.Elements()) },
		parse: func(answer any) (types.Set, error) {
			names, ok := answer.([]string)
			if !ok {
				return types.SetNull(types.StringType), nil
			}
			items := make([]attr.Value, len(names))
			for i, name := range slices.Sorted(slices.Values(names)) {
				items[i] = types.StringValue(name)
			}
			return types.SetValueMust(types.StringType, slices.CompactFunc(items, attr.Value.Equal)), nil
		},
	}
}

// List binds an ordered list of strings to a column that holds them separated by commas.
func List(column string, p *types.List) Field {
	return scalar[types.List]{
		column: column, p: p,
		wire: func(v types.List) any {
			items := make([]string, 0, len(v.Elements()))
			for _, e := range v.Elements() {
				items = append(items, text(e))
			}
			return strings.Join(items, ",")
		},
		parse: func(answer any) (types.List, error) {
			items := split(answer)
			if len(items) == 0 {
				return types.ListNull(types.StringType), nil
			}
			return types.ListValueMust(types.StringType, items), nil
		},
	}
}

func split(answer any) []attr.Value {
	var items []attr.Value
	for item := range strings.SplitSeq(record.Text(answer), ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, types.StringValue(item))
		}
	}
	return items
}

func sorted(elements []attr.Value) []string {
	items := make([]string, len(elements))
	for i, e := range elements {
		items[i] = text(e)
	}
	slices.Sort(items)
	return items
}

func text(v attr.Value) string {
	if s, ok := v.(types.String); ok {
		return s.ValueString()
	}
	return ""
}
