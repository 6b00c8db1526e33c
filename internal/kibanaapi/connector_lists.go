package kibanaapi

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// connectorLists joins what wants to know a space's connectors: reads of a refresh, look-ups before creates, data
// sources. Its zero value is ready for use.
type connectorLists struct {
	mu     sync.Mutex
	spaces map[string]*spaceList
}

// spaceList is what is known of one space.
type spaceList struct {
	known  bool
	rows   []Connector
	readAt time.Time
	// edited reports that rows hold what this provider wrote since the server listed them. They still tell which names
	// are taken, but a read wants the server's own word.
	edited bool
	flight *listFlight
}

// listFlight is a list request that several callers wait for. It ends when the last of them gives up.
type listFlight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	rows    []Connector
	err     error
	edits   []connectorEdit
	spoiled bool // a write whose outcome is unknown fell into it
}

// connectorEdit is a write of ours; a nil row is a deletion.
type connectorEdit struct {
	id  string
	row *Connector
}

func (e connectorEdit) apply(rows []Connector) []Connector {
	rows = slices.DeleteFunc(slices.Clone(rows), func(c Connector) bool { return c.ID == e.id })
	if e.row != nil {
		rows = append(rows, *e.row)
	}
	return rows
}

func (l *connectorLists) space(name string) *spaceList {
	if l.spaces == nil {
		l.spaces = map[string]*spaceList{}
	}
	if l.spaces[name] == nil {
		l.spaces[name] = &spaceList{}
	}
	return l.spaces[name]
}

// read answers from the snapshot or joins the request in flight. With edited, rows that this provider changed itself
// may stand in for those of the server.
func (l *connectorLists) read(ctx context.Context, k *Client, space string, edited bool) ([]Connector, error) {
	l.mu.Lock()
	s := l.space(space)
	if s.known && time.Since(s.readAt) < record.SnapshotLife && (edited || !s.edited) {
		rows := s.rows
		l.mu.Unlock()
		k.endpoint.Usage().Join(1)
		return rows, nil
	}
	f := s.flight
	if f == nil || !edited && (f.spoiled || len(f.edits) > 0) {
		f = l.start(ctx, k, space, s)
	} else {
		k.endpoint.Usage().Join(1)
	}
	f.waiters++
	l.mu.Unlock()
	select {
	case <-f.done:
		return f.rows, f.err
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		if f.waiters--; f.waiters == 0 {
			f.cancel()
			if s.flight == f {
				s.flight = nil
			}
		}
		return nil, ctx.Err()
	}
}

// known finds a connector among those of its space that were listed before, or, since somebody may have made it
// meanwhile, by a GET.
func (k *Client) known(ctx context.Context, space, id string) (Connector, error) {
	all, err := k.lists.read(ctx, k, space, true)
	if err != nil {
		return Connector{}, record.ListError{Err: err}
	}
	return k.amongOrGet(ctx, all, space, id)
}

// start sends the request on a context of its own, so that the first caller's cancellation does not fail the others.
func (l *connectorLists) start(ctx context.Context, k *Client, space string, s *spaceList) *listFlight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &listFlight{done: make(chan struct{}), cancel: cancel}
	s.flight = f
	go func() {
		defer cancel()
		rows, err := k.ListAnew(ctx, space)
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, edit := range f.edits {
			rows = edit.apply(rows)
		}
		f.rows, f.err = rows, err
		if s.flight == f {
			s.flight = nil
			if err == nil && !f.spoiled {
				s.known, s.rows, s.readAt, s.edited = true, rows, time.Now(), len(f.edits) > 0
			}
		}
		close(f.done)
	}()
	return f
}

// noteWrite takes over a write of this provider; a nil row is a deletion.
func (l *connectorLists) noteWrite(space, id string, row *Connector) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, edit := l.space(space), connectorEdit{id, row}
	if s.known {
		s.rows, s.edited = edit.apply(s.rows), true
	}
	if s.flight != nil {
		s.flight.edits = append(s.flight.edits, edit)
	}
}

// forget drops what is known of a space after a write whose outcome is unknown.
func (l *connectorLists) forget(space string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.space(space)
	s.known, s.rows = false, nil
	if s.flight != nil {
		s.flight.spoiled = true
	}
}
