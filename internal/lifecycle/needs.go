package lifecycle

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
)

// Needs is what a resource demands of the server, and of the provider's account there. It is stated once, in the
// resource's Definition: its documentation page, the guide to permissions, the hint after a refusal, preflight and the
// conformance tests read it from there.
//
// Roles are those that let an account write on an instance as shipped. Sources: the roles that ServiceNow's product
// documentation names for each task.
type Needs struct {
	// Roles are enough to create, change and delete; see OneOf, Together and AdminOnly. nil where Access says it.
	Roles Roles
	// Access completes "Needs …" where no list of roles does.
	Access string
	// Plugin is the id of the plugin that brings the table.
	Plugin string
	// Application is the scope of the application that brings the table.
	Application string
	// Newer are the columns that not every supported release has, with the release that brought them, such as "Zurich",
	// or SomeInstances where that is not known.
	Newer map[string]string
	// Choices are the values that are written without being configured, by column.
	Choices map[string][]string
}

// SomeInstances stands for the release of a column that is missing on instances for reasons that are not known.
const SomeInstances = ""

// Roles are alternatives, each of which is enough: the roles that an account must hold together. admin is always
// another one.
type Roles [][]string

// AdminOnly is where nothing less than admin is enough.
var AdminOnly = Roles{}

// OneOf is any one of these roles.
func OneOf(names ...string) Roles {
	roles := make(Roles, len(names))
	for i, name := range names {
		roles[i] = []string{name}
	}
	return roles
}

// Together is all of these roles.
func Together(names ...string) Roles { return Roles{names} }

// MetBy reports whether an account that holds these roles has enough.
func (r Roles) MetBy(held map[string]bool) bool {
	return held["admin"] || slices.ContainsFunc(r, func(alternative []string) bool {
		return !slices.ContainsFunc(alternative, func(name string) bool { return !held[name] })
	})
}

// String is Markdown, such as "the roles `a` and `b`, or `admin`".
func (r Roles) String() string {
	alternatives := make([]string, 0, len(r)+1)
	noun, comma := "the role ", ""
	for _, alternative := range append(slices.Clone(r), []string{"admin"}) {
		alternatives = append(alternatives, "`"+strings.Join(alternative, "` and `")+"`")
		if len(alternative) > 1 {
			noun, comma = "the roles ", ","
		}
	}
	last := len(alternatives) - 1
	if last == 0 {
		return noun + alternatives[0]
	}
	return noun + strings.Join(alternatives[:last], ", ") + comma + " or " + alternatives[last]
}

// Account is what the provider's account must have, in Markdown.
func (n Needs) Account() string {
	if n.Access != "" || n.Roles == nil {
		return n.Access
	}
	return n.Roles.String()
}

// Origin is what brings the table, in Markdown; empty where the platform itself has it.
func (n Needs) Origin() string {
	switch {
	case n.Plugin != "":
		return "plugin `" + n.Plugin + "`"
	case n.Application != "":
		return "application `" + n.Application + "`"
	}
	return ""
}

// sentence ends the description of a resource.
func (n Needs) sentence() string {
	account := n.Account()
	origin := n.Origin()
	if origin != "" {
		origin = "the " + origin
	}
	switch {
	case account == "" && origin == "":
		return ""
	case origin == "":
		return " Needs " + account + "."
	case account == "":
		return " Needs " + origin + "."
	}
	return " Needs " + origin + ", and " + account + "."
}

// since ends the description of an attribute whose column not every instance has.
func since(release string) string {
	if release == SomeInstances {
		return " Not every instance has it."
	}
	return " Needs " + release + " or newer."
}

// newerIn returns the release that brought the column which a field is written to, where not every instance has it.
func (n Needs) newerIn(f field.Field) (release string, newer bool) {
	columns := f.Columns()
	if s, ok := field.As[field.SecretField](f); ok {
		columns = []string{s.Column()}
	}
	if _, computed := field.As[field.ReadOnly](f); computed || len(columns) == 0 {
		return "", false
	}
	release, newer = n.Newer[columns[0]]
	return release, newer
}

// Since returns the release that brought the column of an attribute that may be configured, where needs says that not
// every instance has it.
func (b Bound) Since(needs Needs) (release string, newer bool) { return needs.newerIn(b.Field) }

// describeNewer says of attributes that may be configured which releases have their columns.
func (n Needs) describeNewer(attributes map[string]schema.Attribute, leaves []field.Leaf) {
	for _, leaf := range leaves {
		if release, newer := n.newerIn(leaf.Field); newer {
			name := leaf.Path.String()
			attributes[name] = furtherDescribed(attributes[name], since(release))
		}
	}
}

func furtherDescribed(a schema.Attribute, text string) schema.Attribute {
	switch a := a.(type) {
	case schema.StringAttribute:
		a.MarkdownDescription += text
		return a
	case schema.BoolAttribute:
		a.MarkdownDescription += text
		return a
	case schema.Int64Attribute:
		a.MarkdownDescription += text
		return a
	case schema.SetAttribute:
		a.MarkdownDescription += text
		return a
	case schema.ListAttribute:
		a.MarkdownDescription += text
		return a
	}
	return a
}
