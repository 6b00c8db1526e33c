package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// missing is a reference to a record that the instance proves not to have.
type missing struct {
	at         path.Path
	table, id  string
	extensions []string
}

func (m missing) String() string {
	return fmt.Sprintf("%s is %s, and the table %s of this instance has no such record", m.at, m.id, m.table)
}

// missingReferences looks at the records that m refers to, but for those that before, which may be nil, refers to as
// well. ServiceNow stores a reference to nothing without a word. The looks are made at once, so that they are joined.
func (r *lifecycle[T, M]) missingReferences(ctx context.Context, m, before M) []missing {
	var found []missing
	known := map[string][]string{}
	if before != nil {
		for _, leaf := range leavesOf[T](before) {
			if f, ok := field.As[field.Referring](leaf.Field); ok {
				known[leaf.Path.String()] = f.IDs()
			}
		}
	}
	for _, leaf := range leavesOf[T](m) {
		f, ok := field.As[field.Referring](leaf.Field)
		if !ok {
			continue
		}
		for _, id := range f.IDs() {
			if IsSysID(id) && !slices.Contains(known[leaf.Path.String()], id) {
				found = append(found, missing{leaf.Path, f.Table, id, f.Extensions})
			}
		}
	}
	gone := make([]bool, len(found))
	var looks errgroup.Group
	for i, look := range found {
		looks.Go(func() error {
			gone[i] = r.connection.ServiceNow.Table(look.table).ProvesAbsent(ctx, look.id) &&
				!slices.ContainsFunc(look.extensions, func(table string) bool {
					return r.connection.ServiceNow.Table(table).ProvesPresent(ctx, look.id)
				})
			return nil
		})
	}
	_ = looks.Wait() // no look fails: what is not known is not missing
	i := -1
	return slices.DeleteFunc(found, func(missing) bool { i++; return !gone[i] })
}

// warnOfMissing says at plan what the apply is going to refuse, unless it is made until then.
func (r *lifecycle[T, M]) warnOfMissing(ctx context.Context, m, before M, diags *diag.Diagnostics) {
	if r.Server != ServiceNow {
		return
	}
	for _, reference := range r.missingReferences(ctx, m, before) {
		diags.AddAttributeWarning(reference.at, "No such record on this instance", reference.String()+". The apply stops "+
			"here unless the record is made until then. Refer to the id attribute of a resource or data source.")
	}
}

// refuseMissing stops a write that would refer to nothing.
func (r *lifecycle[T, M]) refuseMissing(ctx context.Context, m, before M, diags *diag.Diagnostics) bool {
	if r.Server != ServiceNow {
		return false
	}
	all := r.missingReferences(ctx, m, before)
	for _, reference := range all {
		diags.AddAttributeError(reference.at, "No such record on this instance", r.subject(m)+": "+reference.String()+
			". Nothing was written. Refer to the id attribute of a resource or data source.")
	}
	return len(all) > 0
}

// planApplications plans no change where the name of a scope and a sys_id stand for one application, and a replacement
// where they do not.
func (r *lifecycle[T, M]) planApplications(
	ctx context.Context, plan, state M, diags *diag.Diagnostics,
) (replace path.Paths) {
	before := leavesOf[T](state)
	for i, leaf := range leavesOf[T](plan) {
		if _, ok := field.As[field.ApplicationScope](leaf.Field); !ok || leaf.Same(before[i].Field) {
			continue
		}
		if !leaf.Value().IsUnknown() {
			now, err := r.applicationIn(ctx, leaf.Field)
			was, errWas := r.applicationIn(ctx, before[i].Field)
			if err := errors.Join(err, errWas); err != nil {
				diags.AddAttributeError(leaf.Path, "An application that cannot be found", r.subject(state)+": "+
					r.connection.explain(err, r.Needs)+
					" Whether the application is another one decides whether the record is replaced.")
				continue
			}
			if now == was {
				leaf.Assign(before[i].Field)
				continue
			}
		}
		replace = append(replace, leaf.Path)
	}
	return replace
}

func (r *lifecycle[T, M]) applicationIn(ctx context.Context, f field.Field) (string, error) {
	var want record.Write
	want.Values = map[string]any{}
	f.Encode(&want)
	return r.connection.ServiceNow.ApplicationID(ctx, want.Text(f.Columns()[0]))
}
