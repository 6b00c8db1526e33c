package record

import (
	"context"
	"time"
)

// Store keeps records of one kind. Every method returns what the server said, never what was sent.
//
// An answer with an ID that is returned together with an error is what exists although the call failed: it must be
// kept. An update sends what has to be sent for this kind of server; it gets both the last known record and the
// wanted one.
type Store interface {
	Create(ctx context.Context, want Write) (Answer, error)
	// Read fails with ErrNotFound when the record is proven to be gone and with ErrHidden when it may not be seen.
	Read(ctx context.Context, have Record, columns []string) (Answer, error)
	Update(ctx context.Context, have Record, want Write) (Answer, error)
	// Delete succeeds when the record is gone already. An adopted record is released: see Record.Found. The warnings say
	// what it left behind.
	Delete(ctx context.Context, have Record, options Options) (warnings []string, err error)
}

// Finder is a Store whose records can be looked up by the values of some columns.
type Finder interface {
	// Find returns the records whose columns hold exactly these values, at most limit of them. An empty space is the
	// connection's own.
	Find(ctx context.Context, match Match, columns []string, limit int) ([]Record, error)
}

// Match is what a look-up asks for.
type Match struct {
	Space  string
	Values map[string]string // by column
}

// Searcher is a Finder that also takes a query in the server's own language.
type Searcher interface {
	Query(ctx context.Context, query string, columns []string, limit int) ([]Record, error)
}

// Lister is a Store that lists all its records with all their columns. A store that has more to a record than one
// table's row lists what Read completes.
type Lister interface {
	// Each calls do for every record that matches a query in the server's own language, at most limit of them when it is
	// positive. hidden counts the matching records that access control kept back.
	Each(ctx context.Context, query string, columns []string, limit int, do func(Record) error) (hidden int, err error)
}

// SnapshotLife is how long a list or a whole table that was read may serve further reads.
const SnapshotLife = 30 * time.Second
