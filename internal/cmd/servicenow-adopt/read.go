package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/embedded"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

// shippedQuery matches what people and scripts made. The platform's own records are made by these accounts.
//
// Source: exported records of shipped applications; "system" and "glide.maint" are the usual ones.
const shippedQuery = "sys_created_byNOT INsystem,glide.maint,maint,fred.luddy"

// perQuery bounds how many ids stand in one query, so that its URL stays within what servers take.
const perQuery = 100

// found is one record, and what becomes of it in the configuration.
type found struct {
	embedded.Listed
	kind      string // servicenow_user
	adoption  lifecycle.Adoption
	order     int // of its kind among those that can be listed
	namedBy   map[string][]string
	floating  []string
	belongsTo []string
	defaults  map[string]tftypes.Value
	named     bool   // it has one name
	asked     bool   // by a flag
	label     string // servicenow_user.LABEL
}

func (f *found) id() string {
	id, _ := embedded.Text(f.Resource["id"])
	return id
}

// key tells records apart: ids in Kibana are unique in their space only.
func (f *found) key() string { return placed(f.Identity["space_id"], f.id()) }

func placed(space, id string) string {
	if space == "" {
		return id
	}
	return space + "/" + id
}

func (f *found) address() string { return f.kind + "." + f.label }

// estate is all that was read.
type estate struct {
	all   []*found
	byKey map[string]*found
	left  map[string]string // names of shipped records that are referred to, by id
	notes []string
}

func (e *estate) note(format string, values ...any) {
	if note := fmt.Sprintf(format, values...); !slices.Contains(e.notes, note) {
		e.notes = append(e.notes, note)
	}
}

// kind is a resource of the provider that can be listed.
type kind struct {
	lifecycle.Definition
	name string
	// keys are the columns of the natural key's references, by attribute.
	keys map[string]string
	// names are the columns by which other resources name a record, by the attributes that do.
	names map[string]map[string]string
	// defaults are the values of attributes where the configuration says nothing, by dotted name.
	defaults map[string]tftypes.Value
}

// kinds are the resources that can be listed, in the provider's order.
func kinds(ctx context.Context, p frameworkprovider.Provider) ([]kind, error) {
	var all []kind
	for _, constructor := range p.Resources(ctx) {
		made := constructor()
		definition, leaves, ok := lifecycle.Inspect(made)
		if _, listed := lifecycle.ListOf(made); !ok || !listed || definition.TableAttribute != "" {
			continue
		}
		k := kind{
			Definition: definition, name: "servicenow_" + definition.Type,
			keys: map[string]string{}, names: map[string]map[string]string{},
		}
		var err error
		if k.defaults, err = lifecycle.Defaults(ctx, made); err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		for _, leaf := range leaves {
			for by, attributes := range definition.NamedBy {
				for _, attribute := range attributes {
					if leaf.Path.Equal(path.Root(attribute)) {
						if k.names[by] == nil {
							k.names[by] = map[string]string{}
						}
						k.names[by][attribute] = leaf.Columns()[0]
					}
				}
			}
			for _, key := range definition.Key {
				if len(definition.BelongsTo) > 0 && !slices.Contains(definition.BelongsTo, key) {
					continue
				}
				if strings.HasSuffix(key, "_id") && leaf.Path.Equal(path.Root(key)) && len(leaf.Columns()) > 0 {
					k.keys[key] = leaf.Columns()[0]
				}
			}
		}
		all = append(all, k)
	}
	// A resource for any type of connector comes after those of one type, which know more of it.
	slices.SortStableFunc(all, func(a, b kind) int { return cmp.Compare(rank(a), rank(b)) })
	return all, nil
}

func rank(k kind) int {
	if _, ofAnyType := k.Attributes["connector_type_id"]; ofAnyType {
		return 1
	}
	return 0
}

// read reads what makes up integrations, then what that refers to, then the rows that join those.
func read(ctx context.Context, p *embedded.Provider, shipped bool, asked asked) (*estate, error) {
	e := &estate{byKey: map[string]*found{}, left: map[string]string{}}
	configured := map[lifecycle.Server]bool{
		lifecycle.ServiceNow: os.Getenv("SERVICENOW_INSTANCE_URL") != "",
		lifecycle.Kibana:     os.Getenv("KIBANA_ENDPOINT") != "",
	}
	if !configured[lifecycle.ServiceNow] && !configured[lifecycle.Kibana] {
		return nil, errors.New("set SERVICENOW_INSTANCE_URL or KIBANA_ENDPOINT, and the credentials beside it, " +
			"such as SERVICENOW_USERNAME and SERVICENOW_PASSWORD")
	}
	all, err := kinds(ctx, provider.New(version)())
	if err != nil {
		return nil, err
	}
	if err := asked.check(all); err != nil {
		return nil, err
	}
	var failed []error
	listed := 0
	for i, k := range all {
		if k.Adoption != lifecycle.AdoptAlways || !configured[k.Server] {
			continue
		}
		records, err := e.list(ctx, p, k, shipped)
		if err != nil {
			failed = append(failed, err)
			e.note("%s, which cannot be listed: %s", k.name, err)
			continue
		}
		listed++
		for _, record := range records {
			e.add(k, i, record)
		}
	}
	if listed == 0 {
		return nil, failed[0]
	}
	if err := e.more(ctx, p, all, asked); err != nil {
		return nil, err
	}
	if err := e.follow(ctx, p, all, shipped); err != nil {
		return nil, err
	}
	e.unmanageable(ctx, p, configured, all)
	return e, ctx.Err()
}

// list lists all records of a kind, in every space that can be seen.
func (e *estate) list(ctx context.Context, p *embedded.Provider, k kind, shipped bool) ([]embedded.Listed, error) {
	switch {
	case k.Server == lifecycle.ServiceNow && shipped:
		return p.List(ctx, k.name, nil)
	case k.Server == lifecycle.ServiceNow:
		return p.List(ctx, k.name, map[string]any{"query": shippedQuery})
	case os.Getenv("KIBANA_SPACE_ID") != "":
		return p.List(ctx, k.name, nil)
	}
	records, err := p.List(ctx, k.name, map[string]any{"space_id": "*"})
	if err == nil {
		return records, nil
	}
	if records, own := p.List(ctx, k.name, nil); own == nil {
		e.note("Kibana spaces other than the default one: %s", err)
		return records, nil
	}
	return nil, err
}

func (e *estate) add(k kind, order int, record embedded.Listed) *found {
	f := &found{
		Listed: record, kind: k.name, adoption: k.Adoption, order: order, namedBy: k.NamedBy, floating: k.Floating,
		belongsTo: k.BelongsTo, defaults: k.defaults, named: len(k.Key) == 1,
	}
	switch had := e.byKey[f.key()]; {
	case f.id() == "":
		return nil
	case had != nil:
		return had
	}
	e.byKey[f.key()] = f
	e.all = append(e.all, f)
	return f
}

// unmanageable notes what was not read, and what no resource can manage.
func (e *estate) unmanageable(
	ctx context.Context, p *embedded.Provider, configured map[lifecycle.Server]bool, all []kind,
) {
	if configured[lifecycle.Kibana] {
		read, err := p.Data(ctx, "servicenow_kibana_connectors", nil)
		if err != nil {
			return // which the lists have said
		}
		for _, c := range embedded.Objects(read["connectors"]) {
			var preconfigured bool
			if c["is_preconfigured"].As(&preconfigured) == nil && preconfigured {
				name, _ := embedded.Text(c["name"])
				e.note("The connector %q, which stands in kibana.yml", name)
			}
		}
	}
	if !configured[lifecycle.ServiceNow] {
		return
	}
	for _, k := range all {
		if k.Adoption != lifecycle.AdoptAsked {
			continue
		}
		// What has no creator, such as plugins, cannot be told from what the platform ships.
		records, err := p.List(ctx, k.name, map[string]any{"query": shippedQuery})
		var names []string
		for _, record := range records {
			if e.byKey[record.Identity["id"]] == nil {
				names = append(names, "`"+record.Name+"`")
			}
		}
		short := strings.TrimPrefix(k.name, "servicenow_")
		switch {
		case err != nil:
			e.note("%s, unless asked for with `-with %s=QUERY`", k.name, short)
		case len(names) > 0:
			e.note("%s, unless asked for with `-with %s=QUERY`: %s", k.name, short, strings.Join(names, ", "))
		}
		if k.LeftOut.Query != "" && k.LeftOut.Attribute == "" {
			e.note("%s: %s", k.name, k.LeftOut.Description)
		}
	}
}

var idForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// follow adds what is referred to and what belongs to that, until nothing is new.
func (e *estate) follow(ctx context.Context, p *embedded.Provider, all []kind, shipped bool) error {
	asked := map[string]bool{}
	for done := 0; done < len(e.all); {
		fresh := e.all[done:]
		done = len(e.all)
		referred, owners, names := map[string]bool{}, map[string]bool{}, map[string]map[string]bool{}
		for _, f := range fresh {
			eachText(f.Resource, func(name, text string) {
				if names[name] == nil {
					names[name] = map[string]bool{}
				}
				names[name][text] = !strings.ContainsAny(text, "^,")
				if idForm.MatchString(text) && e.byKey[text] == nil && name != "id" && !asked[text] {
					referred[text], asked[text] = true, true
				}
			})
			owners[f.id()] = f.adoption != lifecycle.AdoptBelonging
		}
		for i, k := range all {
			var err error
			switch {
			case k.Server != lifecycle.ServiceNow:
			case k.Adoption == lifecycle.AdoptReferred || k.Adoption == lifecycle.AdoptShared:
				err = e.ask(ctx, p, k, i, "sys_id", referred, shipped)
				for by, columns := range k.names {
					for _, attribute := range slices.Sorted(maps.Keys(columns)) {
						if err == nil {
							err = e.ask(ctx, p, k, i, columns[attribute], names[by], shipped)
						}
					}
				}
			case k.Adoption == lifecycle.AdoptBelonging:
				for _, attribute := range slices.Sorted(maps.Keys(k.keys)) {
					if err == nil {
						err = e.ask(ctx, p, k, i, k.keys[attribute], owners, true)
					}
				}
			}
			if err != nil {
				e.note("%s, which cannot be listed: %s", k.name, err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// ask adds the records of a kind whose column holds one of some ids. Of those that the platform ships it keeps the
// names, unless they are wanted.
func (e *estate) ask(
	ctx context.Context, p *embedded.Provider, k kind, order int, column string, ids map[string]bool, shipped bool,
) error {
	wanted := slices.DeleteFunc(slices.Sorted(maps.Keys(ids)), func(id string) bool { return !ids[id] })
	for some := range slices.Chunk(wanted, perQuery) {
		query := column + "IN" + strings.Join(some, ",")
		records, err := p.List(ctx, k.name, map[string]any{"query": query})
		if err != nil {
			return err
		}
		made := map[string]bool{}
		// What is installed was chosen by somebody, whoever its record names as its creator.
		filtered := !shipped && !k.Listed
		if filtered && len(records) > 0 {
			own, err := p.List(ctx, k.name, map[string]any{"query": query + "^" + shippedQuery})
			if err != nil {
				return err
			}
			for _, record := range own {
				made[record.Identity["id"]] = true
			}
		}
		for _, record := range records {
			if id := record.Identity["id"]; !filtered || made[id] {
				e.add(k, order, record)
			} else {
				e.left[id] = strings.TrimPrefix(k.name, "servicenow_") + " " + record.Name
			}
		}
	}
	return nil
}

// eachText calls do for every known text of a record, with the innermost attribute that it stands in.
func eachText(attributes map[string]tftypes.Value, do func(attribute, text string)) {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		_ = tftypes.Walk(attributes[name], func(at *tftypes.AttributePath, value tftypes.Value) (bool, error) {
			inner := name
			for _, step := range at.Steps() {
				if attribute, ok := step.(tftypes.AttributeName); ok {
					inner = string(attribute)
				}
			}
			if text, ok := embedded.Text(value); ok {
				do(inner, text)
			}
			return true, nil
		})
	}
}
