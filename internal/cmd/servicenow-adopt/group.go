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
	byValue map[string]target    // what stands in Kibana with its space before it
	byName  map[[2]string]target // attribute that names, name
}

// of is what a text in an attribute of a record refers to.
func (t targets) of(f *found, attribute, text string) (target, bool) {
	if named, ok := t.byName[[2]string{attribute, text}]; ok {
		return named, true
	}
	if found, ok := t.byValue[placed(f.Identity["space_id"], text)]; ok {
		return found, true
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
			if !ok || !a.Computed || !idForm.MatchString(text) || e.byKey[text] != nil || e.left[text] != "" ||
				strings.HasSuffix(a.Name, "scope_id") {
				continue
			}
			twice[text] = twice[text] || all[text].of != nil
			all[text] = target{f, a.Name}
		}
	}
	maps.DeleteFunc(all, func(text string, _ target) bool { return twice[text] })
	for key, f := range e.byKey {
		all[key] = target{f, "id"}
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
	kind    string // of what it is named after
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
		if f.adoption == lifecycle.AdoptShared || e.attachedTo(f, targets) != nil {
			continue
		}
		eachText(f.Resource, func(name, text string) {
			t, known := targets.of(f, name, text)
			switch {
			case name == "scope_id": // an application holds records of many integrations
			case known && t.of != f && t.of.adoption != lifecycle.AdoptShared:
				join(f, t.of)
			case known || !idForm.MatchString(text) || e.left[text] != "" ||
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
		if f.adoption != lifecycle.AdoptShared && e.attachedTo(f, targets) == nil {
			members[root(f)] = append(members[root(f)], f)
		}
	}
	var groups []group
	for _, some := range members {
		first := head(some, targets)
		groups = append(groups, group{name: slug(first.Name), kind: first.kind, members: some})
	}
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(lowestID(a), lowestID(b)) })
	return groups
}

// gathered puts groups of a few members into one for each kind of what they are named after: a file for each of
// hundreds of API keys would help nobody.
func gathered(groups []group) []group {
	const few = 3
	small := map[string]*group{}
	var kept []group
	for _, g := range groups {
		if len(g.members) > few {
			kept = append(kept, g)
			continue
		}
		if small[g.kind] == nil {
			small[g.kind] = &group{name: strings.TrimPrefix(g.kind, "servicenow_"), kind: g.kind}
		}
		small[g.kind].members = append(small[g.kind].members, g.members...)
	}
	for _, kind := range slices.Sorted(maps.Keys(small)) {
		kept = append(kept, *small[kind])
	}
	return kept
}

// attachedTo is the shared record that a row belongs to which joins nothing but shared ones; nil for any other.
func (e *estate) attachedTo(f *found, targets targets) (owner *found) {
	if f.adoption != lifecycle.AdoptBelonging {
		return nil
	}
	own := false
	eachText(f.Resource, func(name, text string) {
		t, ok := targets.of(f, name, text)
		switch {
		case !ok || t.of == f:
		case t.of.adoption != lifecycle.AdoptShared:
			own = true
		case slices.Contains(f.belongsTo, name):
			owner = t.of
		}
	})
	if own {
		return nil
	}
	return owner
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
				if t, ok := targets.of(queue[0], name, text); ok && !seen[t.of] {
					seen[t.of] = true
					queue = append(queue, t.of)
				}
			})
		}
		return len(seen)
	}
	return slices.MinFunc(members, func(a, b *found) int {
		return cmp.Or(
			-compareBools(a.named, b.named), cmp.Compare(int(a.adoption), int(b.adoption)),
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
		holds := func(f *found) bool {
			return f.asked || strings.Contains(strings.ToLower(f.Name), strings.ToLower(text))
		}
		if slices.ContainsFunc(g.members, holds) {
			kept = append(kept, g)
		}
	}
	return kept
}

// withShared adds the shared records that members refer to, and what is attached to those: to their own group, or,
// where several refer to them, to one of their own.
func (e *estate) withShared(groups []group, targets targets) []group {
	attached := map[*found][]*found{}
	for _, f := range e.all {
		if owner := e.attachedTo(f, targets); owner != nil {
			attached[owner] = append(attached[owner], f)
		}
	}
	users := map[*found]map[int]bool{}
	for i, g := range groups {
		queue := slices.Clone(g.members)
		reach := func(f *found) {
			if users[f] == nil {
				users[f] = map[int]bool{}
			}
			if !users[f][i] {
				users[f][i] = true
				queue = append(queue, f)
			}
		}
		for ; len(queue) > 0; queue = queue[1:] {
			from := queue[0]
			eachText(from.Resource, func(name, text string) {
				if t, ok := targets.of(from, name, text); ok && t.of.adoption == lifecycle.AdoptShared {
					reach(t.of)
				}
			})
			for _, f := range attached[from] {
				reach(f)
			}
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
	groups := e.withShared(gathered(named(e.group(targets, schemas), name)), targets)
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
