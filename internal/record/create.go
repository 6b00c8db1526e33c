package record

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Creation is one create that must happen exactly once, whatever becomes of its answers.
type Creation struct {
	// Send makes the record. An error that is ErrOutcomeUnknown leaves open whether it did.
	Send func(context.Context) (Answer, error)
	// Look finds the record that Send may have made: ErrNotFound when there is none, another error when that cannot be
	// determined or when there are several.
	Look func(context.Context) (Answer, error)
	// Conclusive reports whether a look that finds nothing proves that Send may be repeated, and Repeatable whether a
	// second Send could at worst meet the first one's record, since both carry the same id.
	Conclusive, Repeatable func() bool
	// Advice says how to look for the record by hand, and how to go on.
	Advice string
	// Patience is how long the record is looked for. A server may commit long after the client gave up.
	Patience time.Duration
}

// Patience is how long a create whose outcome is unknown is looked for, unless the connection says otherwise.
const Patience = 30 * time.Second

// The pauses between two looks.
const (
	firstLook = 100 * time.Millisecond
	lastLook  = 4 * time.Second
)

// maxSends bounds how often a create is sent: the one that was lost, and one more.
const maxSends = 2

// Create sends, looks, and sends again only where the look is conclusive. It is the one rule of creating exactly once.
//
// It goes on for GracePeriod after the cancellation of ctx, since what was made must reach the state, but starts no
// further send then.
func (c Creation) Create(ctx context.Context) (Answer, error) {
	ctx, cancel := GraceContext(ctx)
	defer cancel()
	for sent := 1; ; sent++ {
		got, err := c.Send(ctx)
		switch {
		case err == nil && sent > 1:
			return c.lookOnce(ctx, got)
		case err == nil:
			return got, nil
		case !errors.Is(err, ErrOutcomeUnknown) && sent == 1:
			return got, err
		}
		patience := c.Patience
		if c.Repeatable() && sent < maxSends {
			patience /= 6 // a second send with the same id cannot double anything
		}
		found, ferr := c.lookFor(ctx, patience)
		switch {
		case ferr == nil:
			return found, nil
		case !errors.Is(ferr, ErrNotFound):
			return Answer{}, fmt.Errorf("%w (and whether the record was made could not be found out: %w). %s",
				err, ferr, c.Advice)
		case !errors.Is(err, ErrOutcomeUnknown):
			return Answer{}, err // the second send was refused, and nothing of the first is there
		case sent == maxSends || OperationContext(ctx).Err() != nil || !c.Conclusive():
			return Answer{}, fmt.Errorf("%w. %s", err, c.Advice)
		}
	}
}

// lookFor looks again and again until the record is there or patience ends. Its error is that of the last look.
func (c Creation) lookFor(ctx context.Context, patience time.Duration) (Answer, error) {
	end := time.Now().Add(patience)
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		found, err := c.Look(ctx)
		left := time.Until(end)
		if err == nil || ctx.Err() != nil || errors.As(err, new(*SeveralError)) || left <= 0 {
			return found, err
		}
		timer := time.NewTimer(min(pause, left))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return found, err
		}
	}
}

// lookOnce makes sure after a second send that the first did not make a record too.
func (c Creation) lookOnce(ctx context.Context, got Answer) (Answer, error) {
	found, err := c.Look(ctx)
	var several *SeveralError
	switch {
	case errors.As(err, &several):
		return got, err
	case err == nil && found.ID != "" && found.ID != got.ID:
		return got, &SeveralError{IDs: []string{got.ID, found.ID}}
	}
	return got, nil
}

// SeveralError reports that more than one new record answers to what a create made.
type SeveralError struct {
	IDs []string
	Key string
}

func (e *SeveralError) Error() string {
	return fmt.Sprintf("the server made several records of this create: %q%s. Keep one of them and delete the others",
		e.IDs, e.Key)
}
