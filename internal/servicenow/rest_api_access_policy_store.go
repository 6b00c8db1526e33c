package servicenow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// mappedProfiles is the column that stands for the rows of sys_auth_profile_mapping: profiles, separated by commas.
const mappedProfiles = "sys_auth_profile_mapping"

// mappersAtOnce bounds how many mappings one policy writes at a time.
const mappersAtOnce = 8

// accessPolicyStore keeps a policy and one mapping per profile as one record. Its order of writing keeps the door open:
// a policy is active only while the own method is mapped.
type accessPolicyStore struct {
	policies, mappings *servicenowapi.Table
	guard              accessPolicyGuard
}

func newAccessPolicyStore(c *lifecycle.Servers) record.Store {
	return accessPolicyStore{
		c.ServiceNow.Table("sys_api_access_policy"), c.ServiceNow.Table("sys_auth_profile_mapping"),
		accessPolicyGuard{c.ServiceNow},
	}
}

// mappedIn lists the profiles that a record maps.
func mappedIn(r record.Record) []string {
	return strings.FieldsFunc(record.Text(r.Values[mappedProfiles]), func(c rune) bool { return c == ',' })
}

// policyOf is the row of sys_api_access_policy in a record.
func policyOf(r record.Record) record.Record {
	r.Values = maps.Clone(r.Values)
	delete(r.Values, mappedProfiles)
	r.Columns = slices.DeleteFunc(slices.Clone(r.Columns), func(c string) bool { return c == mappedProfiles })
	return r
}

func withMapped(policy record.Record, ids []string) record.Record {
	policy.Values = maps.Clone(policy.Values)
	policy.Values[mappedProfiles] = strings.Join(slices.Sorted(slices.Values(ids)), ",")
	return policy
}

// changedTo writes single columns of the policy.
func (s accessPolicyStore) changedTo(
	ctx context.Context, have record.Record, values map[string]any,
) (record.Record, error) {
	return s.policies.Update(ctx, have, record.Record{ID: have.ID, Values: values, Columns: have.Columns})
}

// Find looks policies up, for imports.
func (s accessPolicyStore) Find(
	ctx context.Context, match map[string]string, columns []string, limit int,
) ([]record.Record, error) {
	return s.policies.Find(ctx, match, columns, limit)
}

func (s accessPolicyStore) Create(ctx context.Context, want record.Record) (record.Record, error) {
	ids := mappedIn(want)
	profiles, err := s.guard.profiles(ctx, ids)
	if err != nil {
		return record.Record{}, err
	}
	if refusal := s.guard.check(ctx, want, profiles); refusal != nil {
		return record.Record{}, refusal
	}
	inactive := policyOf(want)
	inactive.Values["active"] = false
	got, err := s.policies.Create(ctx, inactive)
	if err != nil {
		return got, err
	}
	got.Columns = inactive.Columns
	if got, err = s.insistOnAPI(ctx, got, want); err != nil {
		return withMapped(got, nil), err
	}
	if gone, err := s.refuseByPath(ctx, got, want, profiles); err != nil {
		if gone {
			return record.Record{}, err
		}
		return withMapped(got, nil), err
	}
	made, err := s.add(ctx, got, ids, profiles, true)
	if err != nil || record.Text(want.Values["active"]) == "false" {
		return withMapped(got, made), err
	}
	activated, err := s.changedTo(ctx, got, map[string]any{"active": true})
	if err != nil {
		return withMapped(got, made), err
	}
	return withMapped(activated, made), nil
}

// insistOnAPI sends the API once more where the instance dropped it: some take it from an update only, some not at all.
func (s accessPolicyStore) insistOnAPI(ctx context.Context, got, want record.Record) (record.Record, error) {
	api := record.Text(want.Values["api"])
	if api == "" || record.Text(got.Values["api"]) == api {
		return got, nil
	}
	again, err := s.changedTo(ctx, got, map[string]any{"api": api})
	if err != nil {
		return got, err
	}
	again.Columns = got.Columns
	if record.Text(again.Values["api"]) != api {
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
	ctx context.Context, got, want record.Record, profiles map[string]profile,
) (gone bool, err error) {
	if !isTablePath(record.Text(got.Values["api_path"])) || want.Options["allow_lockout"] ||
		record.Text(want.Values["active"]) == "false" || s.guard.admitsOwn(profiles) {
		return false, nil
	}
	refusal := s.guard.lockout(false)
	if _, err := s.policies.Delete(ctx, got); err != nil {
		return false, errors.Join(refusal, err)
	}
	return true, refusal
}

// add maps profiles to a policy, those of the own method first, and tells which are mapped. fresh says that the policy
// was made just now, so that none can be mapped yet.
func (s accessPolicyStore) add(
	ctx context.Context, policy record.Record, ids []string, profiles map[string]profile, fresh bool,
) ([]string, error) {
	var mu sync.Mutex
	var made []string
	one := func(ctx context.Context, id string) error {
		_, err := s.mappings.Create(ctx, record.Record{
			Values: map[string]any{
				"api_access_policy": policy.ID, "inbound_auth_profile": id, "sys_scope": policy.Values["sys_scope"],
			},
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

// remove takes mappings away, those of the own method last, and tells which profiles are not mapped any more.
func (s accessPolicyStore) remove(
	ctx context.Context, policy record.Record, rows []record.Record, profiles map[string]profile,
) ([]string, error) {
	var mu sync.Mutex
	var removed []string
	one := func(ctx context.Context, row record.Record) error {
		id := record.Text(row.Values["inbound_auth_profile"])
		row.Values["sys_scope"] = policy.Values["sys_scope"]
		if _, err := s.mappings.Delete(ctx, row); err != nil {
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
		if s.guard.own(profiles[record.Text(row.Values["inbound_auth_profile"])]) {
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
	var rows []record.Record
	columns := []string{"api_access_policy", "inbound_auth_profile"}
	hidden, err := s.mappings.Each(ctx, "api_access_policy="+policy, columns, 0, func(row record.Record) error {
		if record.Text(row.Values["api_access_policy"]) == policy {
			rows = append(rows, row)
		}
		return nil
	})
	if err == nil && hidden > 0 {
		err = fmt.Errorf("%d mappings of the policy %s: %w", hidden, policy, record.ErrHidden)
	}
	return rows, err
}

func (s accessPolicyStore) Read(ctx context.Context, have record.Record) (record.Record, error) {
	got, err := s.policies.Read(ctx, policyOf(have))
	if err != nil {
		return got, err
	}
	rows, err := s.rows(ctx, got.ID)
	if err != nil {
		return record.Record{}, err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = record.Text(row.Values["inbound_auth_profile"])
	}
	return withMapped(got, ids), nil
}

func (s accessPolicyStore) Update(ctx context.Context, have, want record.Record) (record.Record, error) {
	before, after := mappedIn(have), mappedIn(want)
	added := slices.DeleteFunc(slices.Clone(after), func(id string) bool { return slices.Contains(before, id) })
	dropped := slices.DeleteFunc(slices.Clone(before), func(id string) bool { return slices.Contains(after, id) })
	profiles, err := s.guard.profiles(ctx, slices.Concat(after, dropped))
	if err != nil {
		return record.Record{}, err
	}
	wanted := maps.Clone(profiles)
	maps.DeleteFunc(wanted, func(id string, _ profile) bool { return !slices.Contains(after, id) })
	if refusal := s.guard.check(ctx, want, wanted); refusal != nil {
		return record.Record{}, refusal
	}
	policy, mapped := policyOf(have), slices.Clone(before)
	write := func() error {
		got, err := s.changeTo(ctx, policy, want, wanted)
		if got.ID != "" {
			policy = got
		}
		return err
	}
	add := func() error {
		made, err := s.add(ctx, policy, added, profiles, false)
		mapped = append(mapped, made...)
		return err
	}
	remove := func() error {
		if len(dropped) == 0 {
			return nil
		}
		rows, err := s.rows(ctx, have.ID)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(row record.Record) bool {
			return !slices.Contains(dropped, record.Text(row.Values["inbound_auth_profile"]))
		})
		removed, err := s.remove(ctx, policy, rows, profiles)
		mapped = slices.DeleteFunc(mapped, func(id string) bool { return slices.Contains(removed, id) })
		return err
	}
	// A policy that is switched off goes first, so that nothing after it can shut anybody out.
	steps := []func() error{add, write, remove}
	if record.Text(want.Values["active"]) == "false" {
		steps = []func() error{write, add, remove}
	}
	for i, step := range steps {
		if err := step(); err != nil {
			if i == 0 && len(mapped) == len(before) {
				return record.Record{}, err // nothing was written
			}
			return withMapped(policy, mapped), err
		}
	}
	return withMapped(policy, mapped), nil
}

// changeTo writes the policy's own row. One that moves to another API without the own method is looked at while it is
// inactive: the guard may not have known what the API is, and the instance's path tells.
func (s accessPolicyStore) changeTo(
	ctx context.Context, have, want record.Record, profiles map[string]profile,
) (record.Record, error) {
	active := record.Text(want.Values["active"]) == "true"
	moves := record.Text(want.Values["api"]) != record.Text(have.Values["api"])
	if !active || !moves || want.Options["allow_lockout"] || s.guard.admitsOwn(profiles) {
		return s.policies.Update(ctx, have, policyOf(want))
	}
	inactive := policyOf(want)
	inactive.Values["active"] = false
	got, err := s.policies.Update(ctx, have, inactive)
	if err != nil {
		return record.Record{}, err
	}
	got.Columns = inactive.Columns
	if isTablePath(record.Text(got.Values["api_path"])) {
		return got, fmt.Errorf("%w. The policy was left inactive", s.guard.lockout(false))
	}
	activated, err := s.changedTo(ctx, got, map[string]any{"active": true})
	if err != nil {
		return got, err
	}
	return activated, nil
}

func (s accessPolicyStore) Delete(ctx context.Context, have record.Record) ([]string, error) {
	policy := policyOf(have)
	if record.Text(policy.Values["active"]) != "false" {
		_, err := s.changedTo(ctx, policy, map[string]any{"active": false})
		if err != nil && !errors.Is(err, record.ErrNotFound) {
			return nil, fmt.Errorf("deactivating it first: %w", err)
		}
	}
	rows, err := s.rows(ctx, have.ID)
	if err != nil {
		return nil, err
	}
	profiles, err := s.guard.profiles(ctx, mappedIn(have))
	if err != nil {
		return nil, err
	}
	if _, err := s.remove(ctx, policy, rows, profiles); err != nil {
		return nil, err
	}
	return s.policies.Delete(ctx, policy)
}
