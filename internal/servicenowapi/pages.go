package servicenowapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// pageSize is how many rows one request of Each asks for.
const pageSize = 1000

// Each calls do for every row that matches an encoded query, page by page in the order of sys_id, so that memory holds
// one page. At most limit rows when it is positive; all columns when none is named. hidden is how many matching rows
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
	size := pageSize
	if limit > 0 {
		size = min(size, limit)
	}
	for offset, seen := 0, 0; ; {
		rows, total, err := t.page(ctx, query, columns, size, offset)
		if err != nil {
			return hidden, err
		}
		if limit <= 0 && !total.reported {
			return hidden, &OddListError{Table: t.Name, Reason: "it does not say how many records there are " +
				"(X-Total-Count), so some may be missing"}
		}
		hidden += max(0, min(size, total.total-offset)-len(rows))
		for _, row := range rows {
			if err := do(row); err != nil {
				return hidden, err
			}
			if seen++; seen == limit {
				return hidden, nil
			}
		}
		if offset += size; offset >= total.total {
			return hidden, nil
		}
		size = pageSize // what a small page left open may be thousands of hidden rows
	}
}

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
		return nil, count{}, listError{err}
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

// listError is the failure of a list. A 404 to it is about the table or the way there, and proves nothing about a row.
type listError struct{ err error }

func (e listError) Error() string { return e.err.Error() }

// Is hides that the failure is a 404; As shows it, for what is to be said about it.
func (e listError) Is(target error) bool {
	return target != record.ErrNotFound && errors.Is(e.err, target)
}

func (e listError) As(target any) bool { return errors.As(e.err, target) }
