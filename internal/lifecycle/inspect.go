package lifecycle

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
)

// Inspect shows a resource's definition and bound fields to tests that hold the conventions over every resource. It is
// not ok for a resource that does not run this lifecycle.
func Inspect(r resource.Resource) (d Definition, leaves []field.Leaf, ok bool) {
	i, ok := r.(interface {
		inspect() (Definition, []field.Leaf)
	})
	if !ok {
		return d, nil, false
	}
	d, leaves = i.inspect()
	return d, leaves, true
}

func (r *lifecycle[T, M]) inspect() (Definition, []field.Leaf) {
	return r.Definition, leavesOf[T](M(new(T)))
}
