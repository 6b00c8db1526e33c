package servicenowapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// TestProvesAbsent takes a row for missing only where the account is proven to see what could be there.
func TestProvesAbsent(t *testing.T) {
	t.Parallel()
	there, gone := rowID(1), rowID(2)
	for name, test := range map[string]struct {
		table   string
		prepare func(*instance)
		id      string
		want    bool
	}{
		"there":             {"c", func(s *instance) { s.add("c", map[string]string{"sys_id": there}) }, there, false},
		"gone":              {"c", func(s *instance) { s.add("c", map[string]string{"sys_id": there}) }, gone, true},
		"of an empty table": {"c", func(*instance) {}, gone, false},
		"of a table that is hidden": {"c", func(s *instance) {
			s.add("c", map[string]string{"sys_id": there})
			s.hidden = map[string]bool{there: true}
		}, gone, false},
		"hidden itself": {"c", func(s *instance) {
			s.add("c", map[string]string{"sys_id": there}, map[string]string{"sys_id": gone})
			s.hidden = map[string]bool{gone: true}
		}, gone, false},
		"refused": {"c", func(s *instance) {
			s.add("c", map[string]string{"sys_id": there})
			s.refuses = "sys_id"
		}, gone, false},
		"a user, where inactive ones are hidden": {"sys_user", func(s *instance) {
			s.add("sys_user", map[string]string{"sys_id": there, "active": "true"})
		}, gone, false},
		"a user, where an inactive one is seen": {"sys_user", func(s *instance) {
			s.add("sys_user", map[string]string{"sys_id": there, "active": "false"})
		}, gone, true},
		"a user, as an administrator": {"sys_user", func(s *instance) {
			s.add("sys_user", map[string]string{"sys_id": there, "active": "true"})
			s.add("sys_user_has_role", map[string]string{"user": "javascript:gs.getUserID()", "role.name": "admin"})
		}, gone, true},
		"a user, where filters are ignored": {"sys_user", func(s *instance) {
			s.add("sys_user", map[string]string{"sys_id": there, "active": "true"})
			s.add("sys_user_has_role", map[string]string{"role.name": "itil"})
			s.ignores = true
		}, gone, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, sn := newInstance(t)
			sn.SingleReads = true
			test.prepare(s)
			if got := sn.Table(test.table).ProvesAbsent(t.Context(), test.id); got != test.want {
				t.Errorf("misses: %v, want %v", got, test.want)
			}
		})
	}
}

// TestProvesAbsentRemembers does not look again for a row that was seen, until it is deleted.
func TestProvesAbsentRemembers(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	there, other := rowID(1), rowID(2)
	s.add("c", map[string]string{"sys_id": there}, map[string]string{"sys_id": other})
	table := sn.Table("c")
	for range 3 {
		if table.ProvesAbsent(t.Context(), there) {
			t.Error("a row that is there is missing")
		}
	}
	if n := s.asked("c"); n != 1 {
		t.Errorf("%d looks at one row", n)
	}
	if _, err := table.Delete(t.Context(), record.Record{ID: there}, record.Options{}); err != nil {
		t.Fatal(err)
	}
	if !table.ProvesAbsent(t.Context(), there) {
		t.Error("a row that was deleted is remembered")
	}
	s.asked("c")
	if table.ProvesAbsent(t.Context(), other) || !table.ProvesAbsent(t.Context(), rowID(3)) {
		t.Error("what is there and what is not are mixed up")
	}
	for _, query := range s.gets["c"] {
		if query.Get("sysparm_query") == "" {
			t.Error("what the account sees is looked at again")
		}
	}
}

// TestApplicationID finds one application by its scope, and asks once.
func TestApplicationID(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	id := rowID(7)
	s.add("sys_scope", map[string]string{"sys_id": id, "scope": "sn_si"},
		map[string]string{"scope": "x_twice"}, map[string]string{"scope": "x_twice"})
	for asked, want := range map[string]string{"global": "global", id: id} {
		if got, err := sn.ApplicationID(t.Context(), asked); err != nil || got != want {
			t.Errorf("%s is %s: %v", asked, got, err)
		}
	}
	if n := s.asked("sys_scope"); n > 0 {
		t.Errorf("%d look-ups of what stands for itself", n)
	}
	for range 2 {
		if got, err := sn.ApplicationID(t.Context(), "sn_si"); err != nil || got != id {
			t.Errorf("found %s: %v", got, err)
		}
	}
	if n := s.asked("sys_scope"); n != 1 {
		t.Errorf("%d look-ups of one scope", n)
	}
	for scope, want := range map[string]string{"x_none": "shows 0 applications", "x_twice": "shows 2 applications"} {
		if _, err := sn.ApplicationID(t.Context(), scope); !errors.Is(err, record.ErrNotFound) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", scope, err)
		}
	}
	s, sn = newInstance(t) // which has read no table yet
	s.refuses = "scope="
	if _, err := sn.ApplicationID(t.Context(), "x_refused"); err == nil || errors.Is(err, record.ErrNotFound) ||
		!strings.Contains(err.Error(), `the scope "x_refused"`) {
		t.Errorf("the error is %v", err)
	}
}

// TestReferringColumn finds a column by the dictionary, and proves an absence only where the dictionary is readable.
func TestReferringColumn(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	row := func(table, element, reference string) map[string]string {
		return map[string]string{"name": table, "element": element, "reference": reference}
	}
	s.add("sys_dictionary", row("one", "parent", "up"), row("two", "a", "up"), row("two", "b", "up"),
		row("none", "known", ""), row("nameless", "", "up"), row("nameless", "known", ""))
	for range 2 {
		if got, err := sn.ReferringColumn(t.Context(), "one", "up", "known"); err != nil || got != "parent" {
			t.Errorf("found %q: %v", got, err)
		}
	}
	if n := s.asked("sys_dictionary"); n != 1 {
		t.Errorf("%d look-ups of one column", n)
	}
	if _, err := sn.ReferringColumn(t.Context(), "two", "up", "known"); err == nil ||
		!strings.Contains(err.Error(), "2 columns of two refer to up") {
		t.Errorf("the error is %v", err)
	}
	if _, err := sn.ReferringColumn(t.Context(), "nameless", "up", "known"); err == nil {
		t.Error("a column without a name was found")
	}
	var absent *NoColumnError
	if _, err := sn.ReferringColumn(t.Context(), "none", "up", "known"); !errors.As(err, &absent) ||
		absent.Error() != "no column of none refers to up on this instance, as its dictionary says" {
		t.Errorf("the error is %v", err)
	}
	var unknown *UnknownColumnError
	if _, err := sn.ReferringColumn(t.Context(), "unlisted", "up", "known"); !errors.As(err, &unknown) ||
		!strings.Contains(unknown.Error(), "may not read the dictionary") {
		t.Errorf("the error is %v", err)
	}
	for _, refused := range []string{"reference=", "element="} {
		s, sn := newInstance(t)
		s.refuses, sn.SingleReads = refused, true
		if _, err := sn.ReferringColumn(t.Context(), "other", "up", "known"); err == nil ||
			!strings.Contains(err.Error(), "asking the dictionary") {
			t.Errorf("%s: %v", refused, err)
		}
	}
}

// TestScopeOf makes rows of the platform in global and those of an application in its own, and no rows in a scope that
// an odd answer names.
func TestScopeOf(t *testing.T) {
	t.Parallel()
	type want struct {
		scope string
		fails bool
	}
	for name, test := range map[string]struct {
		table   string
		prepare func(*instance)
		want    want
		asked   int // by two calls
	}{
		"the platform's": {"sys_user", func(*instance) {}, want{scope: "global"}, 0},
		"an application's": {"x_elastic_t", func(s *instance) {
			s.add("sys_db_object", map[string]string{"name": "x_elastic_t", "sys_scope": rowID(3)})
		}, want{scope: rowID(3)}, 1},
		"a store application's": {"sn_si_t", func(s *instance) {
			s.add("sys_db_object", map[string]string{"name": "sn_si_t", "sys_scope": rowID(4)})
		}, want{scope: rowID(4)}, 1},
		"unlisted":  {"x_t", func(*instance) {}, want{}, 2},
		"forbidden": {"x_t", func(s *instance) { s.refuses = "name=" }, want{}, 2},
		"uncounted": {"x_t", func(s *instance) { s.uncounted = true }, want{fails: true}, 2},
		"another table's": {"x_t", func(s *instance) {
			s.add("sys_db_object", map[string]string{"name": "x_other", "sys_scope": rowID(4)})
			s.ignores = true
		}, want{fails: true}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, sn := newInstance(t)
			test.prepare(s)
			for range 2 {
				scope, err := sn.scopeOf(t.Context(), test.table)
				var odd *OddListError
				if scope != test.want.scope || errors.As(err, &odd) != test.want.fails || err != nil && !test.want.fails {
					t.Errorf("the scope is %q: %v", scope, err)
				}
			}
			if n := s.asked("sys_db_object"); n != test.asked {
				t.Errorf("%d look-ups, not %d", n, test.asked)
			}
		})
	}
	broken := hostileInside(t, http.StatusInternalServerError)
	if scope, err := broken.scopeOf(t.Context(), "x_t"); err == nil {
		t.Errorf("a broken answer names the scope %q", scope)
	}
}
