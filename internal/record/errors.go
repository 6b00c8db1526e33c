package record

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNotFound means that the server itself, not a proxy or a sign-in page before it, proved that a record is absent.
	ErrNotFound = errors.New("not found")

	// ErrHidden means that a record exists, but access control keeps it from the account. It is never "gone".
	ErrHidden = errors.New("the record exists, but the account may not read it")

	// ErrOutcomeUnknown matches the failure of a request that must not be repeated blindly (a POST) and that the server
	// may or may not have carried out: its answer was lost, or is not one.
	ErrOutcomeUnknown = errors.New("the server may or may not have carried out the request")
)

// ListError is the failure of a list. A 404 to it is about the table, the space or the way there, and proves nothing
// about a record.
type ListError struct{ Err error }

func (e ListError) Error() string { return e.Err.Error() }

// Is hides that the failure is a 404; As shows it, for what is to be said about it.
func (e ListError) Is(target error) bool { return target != ErrNotFound && errors.Is(e.Err, target) }

// As finds the failure itself.
func (e ListError) As(target any) bool { return errors.As(e.Err, target) }

// ExistsError reports that a record with the wanted natural key is there already.
type ExistsError struct {
	// IDs of the records found, at least one.
	IDs []string
	// Key describes the natural key, such as `name = "Elastic"`.
	Key string
	// SameRun means that another resource of this configuration makes the record right now.
	SameRun bool
}

func (e *ExistsError) Error() string {
	if e.SameRun {
		return fmt.Sprintf("another resource of this configuration has just made the record with %s: %s",
			e.Key, strings.Join(e.IDs, ", "))
	}
	return fmt.Sprintf("a record with %s exists already: %s", e.Key, strings.Join(e.IDs, ", "))
}

// VanishedError reports that none of several records that were asked for together is there: more likely the wrong
// instance, a clone over this one, or lost read access than as many deletions.
type VanishedError struct {
	Where string // the table or space
	Asked int
}

func (e *VanishedError) Error() string {
	return fmt.Sprintf("none of the %d records that were asked for together is in %s", e.Asked, e.Where)
}

// VanishedAtOnce is how many records must be missing together, with none found, to count as a VanishedError.
const VanishedAtOnce = 5
