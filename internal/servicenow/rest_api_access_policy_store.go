package servicenow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// mappedProfiles is the list of profiles that a policy maps.
var mappedProfiles = listedRows{"sys_auth_profile_mapping", "inbound_auth_profile"}

// mappersAtOnce bounds how many mappings one policy writes at a time.
const mappersAtOnce = 8

// accessPolicyStore keeps a policy and one mapping per profile as one record. Its order of writing keeps the door open:
// a policy is active only while our own method is mapped.
type accessPolicyStore struct {
	policies, mappings *servicenowapi.Table
	guard              accessPolicyGuard
}

func allowLockout(o *record.Options) *bool { return &o.AllowLockout }

func newAccessPolicyStore(c *lifecycle.Servers) record.Store {
	return accessPolicyStore{
		c.ServiceNow.Table("sys_api_access_policy"), c.ServiceNow.Table(mappedProfiles.table),
		accessPolicyGuard{c.ServiceNow},
	}
}

func policyWrite(want record.Write) record.Write {
	want.Record = mappedProfiles.outOf(want.Record)
	want.Columns = mappedProfiles.outOfColumns(want.Columns)
	return want
}

// set writes single columns of the policy.
func (s accessPolicyStore) set(
	ctx context.Context, have record.Record, columns []string, values map[string]any,
) (record.Answer, error) {
	return s.policies.Update(ctx, have, record.Write{
		Record: record.Record{ID: have.ID, Values: values}, Columns: columns,
	})
}

// Find looks policies up, for imports.
func (s accessPolicyStore) Find(
	ctx context.Context, match record.Match, columns []string, limit int,
) ([]record.Record, error) {
	return s.policies.Find(ctx, match, columns, limit)
}

func (s accessPolicyStore) Create(ctx context.Context, want record.Write) (got record.Answer, err error) {
	if want.ID == "" {
		want.ID = servicenowapi.NewSysID()
	}
	ids, _ := mappedProfiles.in(want.Record)
	profiles, err := s.guard.profiles(ctx, ids)
	if err != nil {
		return record.Answer{}, err
	}
	if err := s.guard.refuseKeys(want.Record, profiles); err != nil {
		return record.Answer{}, err
	}
	change := policyChange(want)
	change.New, change.Profiles = true, append([]string{}, ids...)
	err = s.guard.sn.Guarded(ctx, want.Options, []servicenowapi.RowChange{change}, func(ctx context.Context) (err error) {
		got, err = s.create(ctx, want, ids, profiles)
		return err
	})
	return ownedOnly(got, want), err
}

// ownedOnly leaves the mappings out of an answer where the configuration leaves them alone.
func ownedOnly(got record.Answer, want record.Write) record.Answer {
	if _, owned := mappedProfiles.in(want.Record); !owned && got.Values != nil {
		got.Values[mappedProfiles.table] = nil
	}
	return got
}

// policyChange is what a write does to the policy's own row.
func policyChange(want record.Write) servicenowapi.RowChange {
	return servicenowapi.RowChange{
		Table: "sys_api_access_policy", ID: want.ID, Values: mappedProfiles.outOf(want.Record).Values, LooksAtPath: true,
	}
}

func (s accessPolicyStore) create(
	ctx context.Context, want record.Write, ids []string, profiles map[string]profile,
) (record.Answer, error) {
	inactive := policyWrite(want)
	inactive.Values["active"] = false
	got, err := s.policies.Create(ctx, inactive)
	if err != nil {
		return got, err
	}
	if got, err = s.insistOnAPI(ctx, got, inactive); err != nil {
		return mappedProfiles.with(got, nil), err
	}
	if gone, err := s.refuseByPath(ctx, got.Record, want, profiles); err != nil {
		if gone {
			return record.Answer{}, err
		}
		return mappedProfiles.with(got, nil), err
	}
	made, err := s.add(ctx, got.Record, ids, profiles, true)
	if err != nil || want.Text("active") == "false" {
		return mappedProfiles.with(got, made), err
	}
	activated, err := s.set(ctx, got.Record, inactive.Columns, map[string]any{"active": true})
	if err != nil {
		return mappedProfiles.with(got, made), err
	}
	activated.Warnings = got.Warnings
	return mappedProfiles.with(activated, made), nil
}

// insistOnAPI sends the API once more where the instance dropped it: some take it from an update only, some not at all.
func (s accessPolicyStore) insistOnAPI(
	ctx context.Context, got record.Answer, want record.Write,
) (record.Answer, error) {
	api := want.Text("api")
	if api == "" || got.Text("api") == api {
		return got, nil
	}
	again, err := s.set(ctx, got.Record, want.Columns, map[string]any{"api": api})
	if err != nil {
		return got, err
	}
	if again.Text("api") != api {
		return again, fmt.Errorf("the instance does not take the REST API of an access policy from outside its form. The "+
			"policy was created, inactive and without profiles. Open it (%s/sys_api_access_policy.do?sys_id=%s), choose the "+
			"REST API there, and save; then keep the record with terraform untaint (or remove it from the state and import "+
			"it by this sys_id), and apply again: profiles are mapped and the policy is activated", s.guard.sn.URL(), again.ID)
	}
	return again, nil
}

// refuseByPath looks once more whether the policy is on the Table API, now that the instance has filled in its path,
// and takes the inactive policy back if it must not be.
func (s accessPolicyStore) refuseByPath(
	ctx context.Context, got record.Record, want record.Write, profiles map[string]profile,
) (gone bool, err error) {
	if !servicenowapi.IsTablePath(got.Text("api_path")) || want.AllowLockout ||
		want.Text("active") == "false" || s.guard.admitsOwn(profiles) {
		return false, nil
	}
	refusal := s.guard.sn.Lockout(want.Text("name"))
	if _, err := s.policies.Delete(ctx, got, want.Options); err != nil {
		return false, errors.Join(refusal, err)
	}
	return true, refusal
}

// add maps profiles to a policy, those of our own method first, and returns which are mapped. fresh says that
// the policy was made just now, so that none can be mapped yet.
func (s accessPolicyStore) add(
	ctx context.Context, policy record.Record, ids []string, profiles map[string]profile, fresh bool,
) ([]string, error) {
	var mu sync.Mutex
	var made []string
	one := func(ctx context.Context, id string) error {
		_, err := s.mappings.Create(ctx, record.Write{
			Record: record.Record{Scope: policy.Scope, Values: map[string]any{
				"api_access_policy": policy.ID, "inbound_auth_profile": id,
			}},
			Columns:  []string{"api_access_policy", "inbound_auth_profile"},
			Key:      []string{"api_access_policy", "inbound_auth_profile"},
			LookedUp: fresh,
		})
		var exists *record.ExistsError
		if err != nil && !errors.As(err, &exists) {
			return fmt.Errorf("mapping the profile %s: %w", id, err)
		}
		mu.Lock()
		defer mu.Unlock()
		made = append(made, id)
		return nil
	}
	var others []string
	for _, id := range ids {
		if !s.guard.own(profiles[id]) {
			others = append(others, id)
			continue
		}
		if err := one(ctx, id); err != nil {
			return made, err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(mappersAtOnce)
	for _, id := range others {
		group.Go(func() error { return one(ctx, id) })
	}
	err := group.Wait()
	return made, err
}

// remove takes mappings away, those of our own method last, and returns which profiles are no longer mapped.
func (s accessPolicyStore) remove(
	ctx context.Context, policy record.Record, rows []record.Record, profiles map[string]profile,
) ([]string, error) {
	var mu sync.Mutex
	var removed []string
	one := func(ctx context.Context, row record.Record) error {
		id := row.Text("inbound_auth_profile")
		row.Scope = policy.Scope
		if _, err := s.mappings.Delete(ctx, row, record.Options{}); err != nil {
			return fmt.Errorf("removing the mapping of the profile %s: %w", id, err)
		}
		mu.Lock()
		defer mu.Unlock()
		removed = append(removed, id)
		return nil
	}
	group, limited := errgroup.WithContext(ctx)
	group.SetLimit(mappersAtOnce)
	var own []record.Record
	for _, row := range rows {
		if s.guard.own(profiles[row.Text("inbound_auth_profile")]) {
			own = append(own, row)
			continue
		}
		group.Go(func() error { return one(limited, row) })
	}
	if err := group.Wait(); err != nil {
		return removed, err
	}
	for _, row := range own {
		if err := one(ctx, row); err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// rows lists a policy's mappings. One that access control hides is an error: leaving it out would plan a second one.
func (s accessPolicyStore) rows(ctx context.Context, policy string) ([]record.Record, error) {
	return s.mappings.Children(ctx, "api_access_policy", policy, []string{"inbound_auth_profile"})
}

func (s accessPolicyStore) Read(
	ctx context.Context, have record.Record, columns []string,
) (record.Answer, error) {
	got, err := s.policies.Read(ctx, have, mappedProfiles.outOfColumns(columns))
	if err != nil {
		return got, err
	}
	rows, err := s.rows(ctx, got.ID)
	if err != nil {
		return record.Answer{}, err
	}
	got = mappedProfiles.with(got, mappedProfiles.idsOf(rows))
	seen := map[string]bool{}
	for _, id := range mappedProfiles.idsOf(rows) {
		if seen[id] {
			got.Warnings = append(got.Warnings, fmt.Sprintf("The policy %s maps the profile %s more than once. The next write "+
				"of the policy removes the surplus mappings.", got.Text("name"), id))
		}
		seen[id] = true
	}
	return got, nil
}

func distinct(ids []string) []string { return slices.Compact(slices.Sorted(slices.Values(ids))) }

func (s accessPolicyStore) Update(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	rows, err := s.rows(ctx, have.ID)
	if err != nil {
		return record.Answer{}, err
	}
	before := mappedProfiles.idsOf(rows)
	after, owned := mappedProfiles.in(want.Record)
	if !owned {
		after = before
	}
	profiles, err := s.guard.profiles(ctx, distinct(slices.Concat(after, before)))
	if err != nil {
		return record.Answer{}, err
	}
	wanted := maps.Clone(profiles)
	maps.DeleteFunc(wanted, func(id string, _ profile) bool { return !slices.Contains(after, id) })
	if err := s.guard.refuseKeys(want.Record, wanted); err != nil {
		return record.Answer{}, err
	}
	change := policyChange(want)
	change.ID, change.Values = have.ID, record.ChangedValues(mappedProfiles.outOf(have), mappedProfiles.outOf(want.Record))
	if owned && !slices.Equal(distinct(after), distinct(before)) {
		change.Profiles = append([]string{}, after...)
	}
	var got record.Answer
	err = s.guard.sn.Guarded(ctx, want.Options, []servicenowapi.RowChange{change}, func(ctx context.Context) (err error) {
		got, err = s.update(ctx, have, want, rows, profiles, wanted)
		return err
	})
	return ownedOnly(got, want), err
}

// update adds what is missing, writes the policy, and removes what is too much.
func (s accessPolicyStore) update(
	ctx context.Context, have record.Record, want record.Write, rows []record.Record, profiles, wanted map[string]profile,
) (record.Answer, error) {
	before := mappedProfiles.idsOf(rows)
	after, owned := mappedProfiles.in(want.Record)
	added := slices.DeleteFunc(slices.Clone(after), func(id string) bool { return slices.Contains(before, id) })
	kept := map[string]bool{}
	surplus := slices.DeleteFunc(slices.Clone(rows), func(row record.Record) bool {
		id := row.Text("inbound_auth_profile")
		if !owned || slices.Contains(after, id) && !kept[id] {
			kept[id] = true
			return true
		}
		return false
	})
	policy, mapped, wrote := record.Answer{Record: mappedProfiles.outOf(have)}, slices.Clone(before), false
	write := func() error {
		got, err := s.change(ctx, policy.Record, policyWrite(want), wanted)
		if got.ID != "" {
			policy, wrote = got, true
		}
		return err
	}
	add := func() error {
		made, err := s.add(ctx, policy.Record, added, profiles, false)
		mapped, wrote = append(mapped, made...), wrote || len(made) > 0
		return err
	}
	remove := func() error {
		removed, err := s.remove(ctx, policy.Record, surplus, profiles)
		for _, id := range removed {
			at := slices.Index(mapped, id)
			mapped, wrote = slices.Delete(mapped, at, at+1), true
		}
		return err
	}
	// A policy that is switched off goes first, so that nothing after it can shut anybody out.
	steps := []func() error{add, write, remove}
	if want.Text("active") == "false" {
		steps = []func() error{write, add, remove}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			if !wrote {
				return record.Answer{}, err
			}
			return mappedProfiles.with(policy, mapped), err
		}
	}
	return mappedProfiles.with(policy, mapped), nil
}

// change writes the policy's own row. One that moves to another API without our own method is looked at while it is
// inactive: the guard may not have known what the API is, and the instance's path shows it.
func (s accessPolicyStore) change(
	ctx context.Context, have record.Record, want record.Write, profiles map[string]profile,
) (record.Answer, error) {
	active := want.Text("active") == "true"
	moves := want.Text("api") != have.Text("api")
	if !active || !moves || want.AllowLockout || s.guard.admitsOwn(profiles) {
		return s.policies.Update(ctx, have, want)
	}
	inactive := want
	inactive.Values = maps.Clone(want.Values)
	inactive.Values["active"] = false
	got, err := s.policies.Update(ctx, have, inactive)
	if err != nil {
		return record.Answer{}, err
	}
	if servicenowapi.IsTablePath(got.Text("api_path")) {
		return got, fmt.Errorf("%w. The policy was left inactive", s.guard.sn.Lockout(want.Text("name")))
	}
	activated, err := s.set(ctx, got.Record, want.Columns, map[string]any{"active": true})
	if err != nil {
		return got, err
	}
	return activated, nil
}

func (s accessPolicyStore) Delete(
	ctx context.Context, have record.Record, options record.Options,
) (warnings []string, err error) {
	change := servicenowapi.RowChange{Table: "sys_api_access_policy", ID: have.ID, Deleted: true}
	err = s.guard.sn.Guarded(ctx, options, []servicenowapi.RowChange{change}, func(ctx context.Context) (err error) {
		warnings, err = s.delete(ctx, mappedProfiles.outOf(have), options)
		return err
	})
	return warnings, err
}

func (s accessPolicyStore) delete(
	ctx context.Context, policy record.Record, options record.Options,
) ([]string, error) {
	if policy.Text("active") != "false" {
		_, err := s.set(ctx, policy, nil, map[string]any{"active": false})
		if err != nil && !errors.Is(err, record.ErrNotFound) {
			return nil, fmt.Errorf("deactivating it first: %w", err)
		}
	}
	rows, err := s.rows(ctx, policy.ID)
	if err != nil {
		return nil, err
	}
	profiles, err := s.guard.profiles(ctx, mappedProfiles.idsOf(rows))
	if err != nil {
		return nil, err
	}
	if _, err := s.remove(ctx, policy, rows, profiles); err != nil {
		return nil, err
	}
	return s.policies.Delete(ctx, policy, options)
}
