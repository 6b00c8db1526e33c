package servicenowapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// pageSize is how many rows one request of Each asks for.
const pageSize = 1000

// Each calls do for every row that matches an encoded query, page by page in the order of sys_id, so that memory holds
// two pages. At most limit rows when it is positive; all columns when none is named. hidden is how many matching rows
// access control kept back, as far as was read.
//
// The server cuts a page before access control takes rows out, so a short page, or an empty one, is not the last.
func (t *Table) Each(
	ctx context.Context, query string, columns []string, limit int, do func(record.Record) error,
) (hidden int, err error) {
	if query != "" {
		query += "^"
	}
	query += "ORDERBYsys_id"
	at := paging{size: pageSize, explained: t.sn.pagesUncut.Load() >= pageSize}
	if limit > 0 {
		at.size = min(at.size, limit)
	}
	for seen, listed := 0, 0; ; {
		rows, total, err := t.page(ctx, query, columns, at.size, at.offset)
		if err != nil {
			return at.hidden(listed), err
		}
		if limit <= 0 && !total.reported {
			return at.hidden(listed), &OddListError{Table: t.Name, Reason: "it does not say how many records there are " +
				"(X-Total-Count), so some may be missing"}
		}
		fresh, odd := at.next(rows, total)
		if odd != "" {
			return at.hidden(listed), &OddListError{Table: t.Name, Reason: odd}
		}
		t.sn.provenUncut(at.uncut)
		listed += len(fresh)
		for _, row := range fresh {
			if err := do(row); err != nil {
				return at.hidden(listed), err
			}
			if seen++; seen == limit {
				return at.hidden(listed), nil
			}
		}
		if at.offset >= total.total {
			return at.hidden(listed), nil
		}
	}
}

// paging goes through a list. A page that is shorter than it should be lacks rows that access control took out of it,
// or is all that the server gives at once. Asking for a part of it, from behind its last row on, tells: what was only
// taken out is not there either, and a row that is new proves that the server gave less than it has.
type paging struct {
	size, offset int             // of the page to ask for
	total        int             // as the page before counted
	short, end   int             // of a page that is to be explained: its rows, and where it should have ended
	explained    bool            // what a short page means is known
	uncut        int             // how many rows the server was found to look at for one page; 0: not known
	most         int             // how many rows the server was seen to give at once; 0: as many as it is asked for
	stale        bool            // a page of a server that gives few held nothing new
	before       map[string]bool // sys_ids of the page before
}

// next takes a page and returns the rows that the one before did not hold; odd says why it proves nothing.
func (p *paging) next(rows []record.Record, counted count) (fresh []record.Record, odd string) {
	if counted.reported && len(rows) > counted.total {
		return nil, fmt.Sprintf("it counts %d records (X-Total-Count) and lists %d", counted.total, len(rows))
	}
	ids := make(map[string]bool, len(rows))
	for _, row := range rows {
		if !p.before[row.ID] && !ids[row.ID] {
			fresh = append(fresh, row)
		}
		ids[row.ID] = true
	}
	stale := len(rows) > 0 && len(fresh) == 0
	size, next := pageSize, p.offset+p.size
	switch left := counted.total - p.offset; {
	case p.short > 0 && len(fresh) > 0:
		p.most, next = max(p.short, len(rows)), p.offset+len(rows)
	case p.short > 0:
		p.uncut, next, ids = min(p.end, counted.total)-p.offset+p.short, p.end, p.before
	case stale && (p.most == 0 || p.stale):
		return nil, "a page of it repeats the one before"
	case p.most > 0:
		p.most, p.stale = max(p.most, len(rows)), stale
		if next = p.offset + len(rows); len(fresh) == 0 {
			next = p.offset + p.most
		}
	case !p.explained && len(rows) > 0 && len(rows) < min(p.size, left):
		p.end, next = next, p.offset+len(rows)
		size = min(len(rows), p.size-len(rows)) // within what the page should have held
		p.size, p.offset, p.short, p.total, p.before = size, next, len(rows), counted.total, ids
		return fresh, ""
	}
	p.explained, p.short = p.explained || p.short > 0, 0
	p.size, p.offset, p.total, p.before = size, next, counted.total, ids
	return fresh, ""
}

// provenUncut notes that the server looks at that many rows for one page, if it is asked for them.
func (s *Client) provenUncut(rows int) {
	if int64(rows) > s.pagesUncut.Load() {
		s.pagesUncut.Store(int64(rows))
	}
}

// hidden is how many rows the list lacks as far as it was read.
func (p *paging) hidden(listed int) int { return max(0, min(p.offset, p.total)-listed) }

// Peek reads one row, and counts all before access control. No column named means all that may be read.
func (t *Table) Peek(ctx context.Context, columns ...string) (rows []record.Record, total int, err error) {
	rows, counted, err := t.page(ctx, "ORDERBYsys_id", columns, 1, 0)
	return rows, counted.total, err
}

// count is how many rows a query matches before access control, as the server says.
type count struct {
	total int
	// reported is false where the server did not say: total then is a guess, and proves nothing.
	reported bool
}

// page is the one place where rows are read. Without a count the total is one more than what was read for as long as
// pages are full. Anything but a list of rows is an error.
func (t *Table) page(
	ctx context.Context, query string, columns []string, size, offset int,
) ([]record.Record, count, error) {
	parameters := url.Values{
		"sysparm_query":                  {query},
		"sysparm_limit":                  {strconv.Itoa(size)},
		"sysparm_offset":                 {strconv.Itoa(offset)},
		"sysparm_exclude_reference_link": {"true"},
		"sysparm_display_value":          {"false"},
	}
	if len(columns) > 0 {
		parameters.Set("sysparm_fields", fieldList(columns))
	}
	var out struct {
		Result any `json:"result"`
	}
	r := rest.Request{Method: http.MethodGet, Path: t.path(""), Query: parameters, Answered: true}
	header, err := t.sn.do(ctx, r, &out)
	if err != nil {
		return nil, count{}, record.ListError{Err: err}
	}
	list, ok := out.Result.([]any)
	if !ok {
		return nil, count{}, &OddListError{Table: t.Name, Reason: "the answer holds no list of records"}
	}
	rows := make([]record.Record, len(list))
	for i, decoded := range list {
		if rows[i], err = newRow(decoded); err != nil {
			return nil, count{}, &OddListError{Table: t.Name, Reason: "one of the listed records is not a row with a sys_id"}
		}
	}
	total, err := strconv.Atoi(header.Get("X-Total-Count"))
	if err != nil || total < 0 {
		total = offset + len(rows)
		if len(rows) == size {
			total++
		}
		return rows, count{total: total}, nil
	}
	return rows, count{total: total, reported: true}, nil
}

// OddListError reports that the answer to a list proves nothing about the records that were asked for.
type OddListError struct{ Table, Reason string }

func (e *OddListError) Error() string {
	return "the instance gave an odd answer to a list of " + e.Table + ": " + e.Reason + ". It proves nothing about the " +
		"records, so nothing is taken for deleted"
}
