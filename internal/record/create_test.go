package record_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

var (
	errRefused = errors.New("the application says no")
	errLost    = fmt.Errorf("503: %w", record.ErrOutcomeUnknown)
)

// server makes records as a real one may: at once, late, never, or under an id of its own.
type server struct {
	honorsIDs bool          // a second send with the same id meets the first record
	late      time.Duration // after which a lost send is carried out; negative: never
	lost      int           // sends whose answer is lost
	refuses   bool
	blind     error // what a look meets

	sends int
	made  []time.Time // when each record is there
}

func (s *server) send(context.Context) (record.Answer, error) {
	s.sends++
	switch {
	case s.refuses:
		return record.Answer{}, errRefused
	case s.honorsIDs && len(s.made) > 0:
		return record.Answer{}, errors.New("403: unique key violation")
	case s.sends <= s.lost:
		if s.late >= 0 {
			s.made = append(s.made, time.Now().Add(s.late))
		}
		return record.Answer{}, errLost
	}
	s.made = append(s.made, time.Now())
	return record.Answer{Record: record.Record{ID: "made"}}, nil
}

func (s *server) look(context.Context) (record.Answer, error) {
	if s.blind != nil {
		return record.Answer{}, s.blind
	}
	there := 0
	for _, at := range s.made {
		if !time.Now().Before(at) {
			there++
		}
	}
	switch there {
	case 0:
		return record.Answer{}, record.ErrNotFound
	case 1:
		return record.Answer{Record: record.Record{ID: "made"}}, nil
	}
	return record.Answer{}, &record.SeveralError{IDs: []string{"made", "twice"}}
}

// TestCreateOnce tries every way in which the answer to a create can be lost. Whatever happens, there is one record and
// it is known, or none, or an error that says how to look.
func TestCreateOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server      server
		conclusive  bool
		sends, made int
		wants       string // in the error; empty: the record is known
		within      time.Duration
	}{
		"answered":      {server: server{}, sends: 1, made: 1},
		"refused":       {server: server{refuses: true}, sends: 1, wants: "says no"},
		"lost and made": {server: server{lost: 1}, sends: 1, made: 1},
		"lost, made three seconds late": {
			server: server{lost: 1, late: 3 * time.Second}, sends: 1, made: 1, conclusive: true,
		},
		"lost, made after 25 seconds": {
			server: server{lost: 1, late: 25 * time.Second}, sends: 1, made: 1, conclusive: true,
		},
		"lost and never made, by key": {server: server{lost: 1, late: -1}, sends: 2, made: 1, conclusive: true},
		"lost and never made, no key": {server: server{lost: 1, late: -1}, sends: 1, wants: "query to run"},
		"lost twice, never made": {
			server: server{lost: 9, late: -1}, sends: 2, conclusive: true, wants: "query to run",
		},
		"cannot be told": {
			server: server{lost: 1, blind: errors.New("403")}, sends: 1, conclusive: true, made: 1, wants: "could not be " +
				"found out",
		},
		"ids are honored, never made": {
			server: server{lost: 1, late: -1, honorsIDs: true}, sends: 2, made: 1, conclusive: true, within: 10 * time.Second,
		},
		"ids are honored, late": {
			server: server{lost: 1, late: 20 * time.Second, honorsIDs: true}, sends: 2, made: 1, conclusive: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, began := test.server, time.Now()
				got, err := record.Creation{
					Send: s.send, Look: s.look, Advice: "The query to run.", Patience: record.Patience,
					Conclusive: func() bool { return test.conclusive }, Repeatable: func() bool { return s.honorsIDs },
				}.Create(t.Context())
				switch {
				case test.wants == "" && (err != nil || got.ID != "made"):
					t.Errorf("got %v, %v", got, err)
				case test.wants != "" && (err == nil || !strings.Contains(err.Error(), test.wants)):
					t.Errorf("the error is %v", err)
				}
				if s.sends != test.sends || len(s.made) != test.made {
					t.Errorf("%d sends made %d records", s.sends, len(s.made))
				}
				if test.within > 0 && time.Since(began) > test.within {
					t.Errorf("took %v", time.Since(began))
				}
			})
		})
	}
}

// TestCreateMadeTwice reports both records when the first send turns out to have been carried out after the second.
func TestCreateMadeTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := server{lost: 1, late: record.Patience + time.Second}
		slow := func(ctx context.Context) (record.Answer, error) {
			if s.sends == 1 {
				time.Sleep(2 * time.Second)
			}
			return s.send(ctx)
		}
		_, err := record.Creation{
			Send: slow, Look: s.look, Patience: record.Patience,
			Conclusive: func() bool { return true }, Repeatable: func() bool { return false },
		}.Create(t.Context())
		var several *record.SeveralError
		if !errors.As(err, &several) || len(several.IDs) != 2 {
			t.Errorf("the error is %v", err)
		}
	})
}

// TestCreateCanceled finds within the grace period what a canceled create has made, and sends nothing more.
func TestCreateCanceled(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]time.Duration{"made late": 4 * time.Second, "never made": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				s, began := server{lost: 1, late: late}, time.Now()
				_, err := record.Creation{
					Send: func(ctx context.Context) (record.Answer, error) {
						cancel()
						return s.send(ctx)
					},
					Look: s.look, Patience: record.Patience,
					Conclusive: func() bool { return true }, Repeatable: func() bool { return false },
				}.Create(ctx)
				if (err == nil) != (late >= 0) || s.sends != 1 {
					t.Errorf("%d sends, error %v", s.sends, err)
				}
				if took := time.Since(began); took > record.GracePeriod {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}
