package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"golang.org/x/text/unicode/norm"

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
	// Kibana's ids may be any word, such as the name of a field.
	if !idForm.MatchString(text) && attribute != "connector_id" {
		return target{}, false
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
	plain := strings.Map(withoutMarks, norm.NFD.String(strings.ToLower(name)))
	made := strings.Trim(notInLabels.ReplaceAllString(plain, "_"), "_")
	if len(made) > most {
		made = strings.Trim(made[:most], "_")
	}
	if made == "" || made[0] >= '0' && made[0] <= '9' {
		made = strings.TrimSuffix("r_"+made, "_")
	}
	return made
}

// withoutMarks leaves the base of a letter such as ü.
func withoutMarks(r rune) rune {
	if unicode.Is(unicode.Mn, r) {
		return -1
	}
	return r
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
// where several refer to them or a flag asked for them, to one of their own.
func (e *estate) withShared(groups []group, targets targets) []group {
	attached := map[*found][]*found{}
	for _, f := range e.all {
		if owner := e.attachedTo(f, targets); owner != nil {
			attached[owner] = append(attached[owner], f)
		}
	}
	users := map[*found]map[int]bool{}
	from := map[int][]*found{}
	for i, g := range groups {
		from[i] = slices.Clone(g.members)
	}
	const byFlag = -1
	for _, f := range e.all {
		if f.asked && f.adoption == lifecycle.AdoptShared {
			from[byFlag] = append(from[byFlag], f)
			users[f] = map[int]bool{byFlag: true}
		}
	}
	for i, queue := range from {
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
			first := queue[0]
			eachText(first.Resource, func(name, text string) {
				if t, ok := targets.of(first, name, text); ok && t.of.adoption == lifecycle.AdoptShared {
					reach(t.of)
				}
			})
			for _, f := range attached[first] {
				reach(f)
			}
		}
	}
	shared := group{name: "shared"}
	for _, f := range e.all {
		switch in := users[f]; {
		case len(in) == 0:
		case len(in) > 1 || in[byFlag]:
			shared.members = append(shared.members, f)
		default:
			for i := range in {
				groups[i].members = append(groups[i].members, f)
			}
		}
	}
	if len(shared.members) > 0 {
		groups = append(groups, shared)
	}
	return groups
}

// takenNames are those that no file of an integration can have: this command's own, one that Terraform lays over the
// others, and Windows' devices.
func takenNames() map[string]bool {
	taken := map[string]bool{"provider": true, "README": true, "override": true}
	for _, device := range []string{"con", "prn", "aux", "nul"} {
		taken[device] = true
	}
	for n := range 10 {
		taken[fmt.Sprintf("com%d", n)], taken[fmt.Sprintf("lpt%d", n)] = true, true
	}
	return taken
}

// circles are the references to leave out so that none leads back to where it began, as those of two groups that are
// each other's parent do.
func (e *estate) circles(
	schemas *tfprotov6.GetProviderSchemaResponse, targets targets, written map[*found]bool,
) map[[2]*found]bool {
	broken := map[[2]*found]bool{}
	const open, done = 1, 2
	state := map[*found]int{}
	var visit func(f *found)
	visit = func(f *found) {
		state[f] = open
		configured := map[string]tftypes.Value{}
		for _, a := range schemas.ResourceSchemas[f.kind].Block.Attributes {
			if a.Required || a.Optional {
				configured[a.Name] = f.Resource[a.Name]
			}
		}
		eachText(configured, func(name, text string) {
			t, ok := targets.of(f, name, text)
			switch {
			case !ok || t.of == f || !written[t.of]:
			case state[t.of] == open:
				broken[[2]*found{f, t.of}] = true
			case state[t.of] != done:
				visit(t.of)
			}
		})
		state[f] = done
	}
	for _, f := range e.all {
		if written[f] && state[f] == 0 {
			visit(f)
		}
	}
	return broken
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
	names := takenNames()
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
	broken := e.circles(schemas, targets, written)
	var files []file
	for _, g := range groups {
		w := writer{estate: e, targets: targets, written: written, variables: variables, broken: broken}
		for _, f := range g.members {
			w.resource(schemas.ResourceSchemas[f.kind].Block.Attributes, f)
		}
		// Terraform lays files of such a name over the others.
		name := unique(strings.TrimSuffix(g.name, "_override"), names)
		files = append(files, file{name + ".tf", string(hclwrite.Format([]byte(w.out.String())))})
	}
	return append(files, file{"provider.tf", providerBlock()}, file{"README.md", e.readme(files)}), nil
}
