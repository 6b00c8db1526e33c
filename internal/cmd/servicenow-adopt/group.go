package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/embedded"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// target is an attribute of a record that others refer to.
type target struct {
	of        *found
	attribute string
}

// targets are what others can refer to: records by ids, and by names in certain attributes.
type targets struct {
	byValue map[string]target
	byName  map[[2]string]target // attribute that names, name
}

// of is what a text in an attribute refers to.
func (t targets) of(attribute, text string) (target, bool) {
	if named, ok := t.byName[[2]string{attribute, text}]; ok {
		return named, true
	}
	found, ok := t.byValue[text]
	return found, ok
}

// file is one file of the configuration.
type file struct{ name, text string }

// targets are the values that refer to a record when another one holds them: its id, and what the server made for it,
// such as a client id, where that is told apart by its form and by being there once.
func (e *estate) targets(schemas *tfprotov6.GetProviderSchemaResponse) targets {
	all, twice := map[string]target{}, map[string]bool{}
	for _, f := range e.all {
		for _, a := range schemas.ResourceSchemas[f.kind].Block.Attributes {
			text, ok := embedded.Text(f.Resource[a.Name])
			if !ok || !a.Computed || !idForm.MatchString(text) || e.byID[text] != nil || e.left[text] != "" ||
				strings.HasSuffix(a.Name, "scope_id") {
				continue
			}
			twice[text] = twice[text] || all[text].of != nil
			all[text] = target{f, a.Name}
		}
	}
	maps.DeleteFunc(all, func(text string, _ target) bool { return twice[text] })
	for id, f := range e.byID {
		all[id] = target{f, "id"}
	}
	names := map[[2]string]target{}
	for _, f := range e.all {
		for by, attributes := range f.namedBy {
			for _, attribute := range slices.Backward(attributes) {
				if text, ok := embedded.Text(f.Resource[attribute]); ok && text != "" {
					names[[2]string{by, text}] = target{f, attribute}
				}
			}
		}
	}
	return targets{all, names}
}

// group is one integration, or what belongs to several of them or to none.
type group struct {
	name    string
	members []*found
}

// group puts records together that refer to one another, or to the same thing outside of the configuration, such as an
// API or an application. A shared record makes no two others one.
func (e *estate) group(targets targets, schemas *tfprotov6.GetProviderSchemaResponse) []group {
	joined := map[*found]*found{}
	var root func(f *found) *found
	root = func(f *found) *found {
		if joined[f] == nil || joined[f] == f {
			return f
		}
		joined[f] = root(joined[f])
		return joined[f]
	}
	join := func(a, b *found) { joined[root(a)] = root(b) }
	outside := map[string]*found{}
	for _, f := range e.all {
		if f.adoption == lifecycle.AdoptShared {
			continue
		}
		eachText(f.Resource, func(name, text string) {
			t, known := targets.of(name, text)
			switch {
			case known && t.of != f && t.of.adoption != lifecycle.AdoptShared:
				join(f, t.of)
			case known || !idForm.MatchString(text) || e.left[text] != "" || name == "scope_id" ||
				!strings.HasSuffix(name, "_id") || computedOnly(schemas, f.kind, name):
			case outside[text] == nil:
				outside[text] = f
			default:
				join(f, outside[text])
			}
		})
	}
	members := map[*found][]*found{}
	for _, f := range e.all {
		if f.adoption != lifecycle.AdoptShared {
			members[root(f)] = append(members[root(f)], f)
		}
	}
	var groups []group
	rest := group{name: "other"}
	for _, some := range members {
		if len(some) == 1 {
			rest.members = append(rest.members, some...)
			continue
		}
		groups = append(groups, group{name: slug(head(some, targets).Name), members: some})
	}
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(lowestID(a), lowestID(b)) })
	if len(rest.members) > 0 {
		groups = append(groups, rest)
	}
	return groups
}

func computedOnly(schemas *tfprotov6.GetProviderSchemaResponse, kind, attribute string) bool {
	for _, a := range schemas.ResourceSchemas[kind].Block.Attributes {
		if a.Name == attribute {
			return a.Computed && !a.Optional
		}
	}
	return false
}

func lowestID(g group) string {
	ids := make([]string, len(g.members))
	for i, f := range g.members {
		ids[i] = f.id()
	}
	return slices.Min(ids)
}

// head is the record that an integration is named after: one that nothing refers to and from which most of the others
// are reached, in Kibana first.
func head(members []*found, targets targets) *found {
	reach := func(f *found) int {
		seen := map[*found]bool{f: true}
		for queue := []*found{f}; len(queue) > 0; queue = queue[1:] {
			eachText(queue[0].Resource, func(name, text string) {
				if t, ok := targets.of(name, text); ok && !seen[t.of] {
					seen[t.of] = true
					queue = append(queue, t.of)
				}
			})
		}
		return len(seen)
	}
	return slices.MinFunc(members, func(a, b *found) int {
		return cmp.Or(
			cmp.Compare(int(a.adoption), int(b.adoption)),
			-cmp.Compare(strings.Count(a.kind, "_kibana_"), strings.Count(b.kind, "_kibana_")),
			-cmp.Compare(reach(a), reach(b)), cmp.Compare(a.order, b.order), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.id(), b.id()))
	})
}

var notInLabels = regexp.MustCompile(`[^a-z0-9]+`)

// slug makes a name that files and resources can have.
func slug(name string) string {
	const most = 60
	made := strings.Trim(notInLabels.ReplaceAllString(strings.ToLower(name), "_"), "_")
	if len(made) > most {
		made = strings.Trim(made[:most], "_")
	}
	if made == "" || made[0] >= '0' && made[0] <= '9' {
		made = strings.TrimSuffix("r_"+made, "_")
	}
	return made
}

// unique adds a number to a name that is taken.
func unique(name string, taken map[string]bool) string {
	made := name
	for n := 2; taken[made]; n++ {
		made = fmt.Sprintf("%s_%d", name, n)
	}
	taken[made] = true
	return made
}

// named keeps the groups in which a record's name holds a text.
func named(groups []group, text string) []group {
	if text == "" {
		return groups
	}
	var kept []group
	for _, g := range groups {
		holds := func(f *found) bool { return strings.Contains(strings.ToLower(f.Name), strings.ToLower(text)) }
		switch {
		case g.name == "other":
			if g.members = slices.DeleteFunc(g.members, func(f *found) bool { return !holds(f) }); len(g.members) > 0 {
				kept = append(kept, g)
			}
		case slices.ContainsFunc(g.members, holds):
			kept = append(kept, g)
		}
	}
	return kept
}

// withShared adds the shared records that members refer to: to their own group, or, where several refer to them, to one
// of their own.
func (e *estate) withShared(groups []group, targets targets) []group {
	users := map[*found]map[int]bool{}
	for i, g := range groups {
		queue := slices.Clone(g.members)
		seen := map[*found]bool{}
		for ; len(queue) > 0; queue = queue[1:] {
			eachText(queue[0].Resource, func(name, text string) {
				t, ok := targets.of(name, text)
				if !ok || t.of.adoption != lifecycle.AdoptShared || seen[t.of] {
					return
				}
				seen[t.of] = true
				queue = append(queue, t.of)
				if users[t.of] == nil {
					users[t.of] = map[int]bool{}
				}
				users[t.of][i] = true
			})
		}
	}
	shared := group{name: "shared"}
	for _, f := range e.all {
		switch in := users[f]; len(in) {
		case 0:
		case 1:
			for i := range in {
				groups[i].members = append(groups[i].members, f)
			}
		default:
			shared.members = append(shared.members, f)
		}
	}
	if len(shared.members) > 0 {
		groups = append(groups, shared)
	}
	return groups
}

// files writes the configuration.
func (e *estate) files(schemas *tfprotov6.GetProviderSchemaResponse, name string) ([]file, error) {
	targets := e.targets(schemas)
	groups := e.withShared(named(e.group(targets, schemas), name), targets)
	if len(groups) == 0 && name != "" {
		return nil, fmt.Errorf("nothing that hangs together with a record named %q was found", name)
	}
	if len(groups) == 0 {
		return nil, fmt.Errorf("nothing was found that could be adopted; -shipped takes what the platform ships too")
	}
	labels, variables := map[string]bool{}, map[string]bool{}
	names := map[string]bool{"provider": true, "README": true}
	written := map[*found]bool{}
	for _, g := range groups {
		slices.SortFunc(g.members, func(a, b *found) int {
			return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.Name, b.Name), cmp.Compare(a.id(), b.id()))
		})
		for _, f := range g.members {
			f.label = strings.TrimPrefix(unique(f.kind+"."+slug(f.Name), labels), f.kind+".")
			written[f] = true
		}
	}
	var files []file
	for _, g := range groups {
		w := writer{estate: e, targets: targets, written: written, variables: variables}
		for _, f := range g.members {
			w.resource(schemas.ResourceSchemas[f.kind].Block.Attributes, f)
		}
		files = append(files, file{unique(g.name, names) + ".tf", string(hclwrite.Format([]byte(w.out.String())))})
	}
	return append(files, file{"provider.tf", providerBlock()}, file{"README.md", e.readme(files)}), nil
}
