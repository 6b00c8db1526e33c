package servicenowapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// pageSize is how many rows one request of Each asks for.
const pageSize = 1000

// Each calls do for every row that matches an encoded query, page by page in the order of sys_id, so that memory holds
// one page. At most limit rows when it is positive; all columns when none is named. hidden tells how many matching rows
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
		hidden += max(0, min(size, total-offset)-len(rows))
		for _, row := range rows {
			if err := do(row); err != nil {
				return hidden, err
			}
			if seen++; seen == limit {
				return hidden, nil
			}
		}
		if offset += size; offset >= total {
			return hidden, nil
		}
		size = pageSize // what a small page left open may be thousands of hidden rows
	}
}

// Peek reads one row, and counts all before access control. No column named means all that may be read.
func (t *Table) Peek(ctx context.Context, columns ...string) (rows []record.Record, total int, err error) {
	return t.page(ctx, "ORDERBYsys_id", columns, 1, 0)
}

// page is the one place where rows are read. The total counts what the query matches before access control; without a
// count it is one more than what was read for as long as pages are full.
func (t *Table) page(
	ctx context.Context,
	query string,
	columns []string,
	size, offset int,
) ([]record.Record, int, error) {
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
		Result []map[string]any `json:"result"`
	}
	header, err := t.sn.do(ctx, rest.Request{Method: http.MethodGet, Path: t.path(""), Query: parameters}, &out)
	if err != nil {
		return nil, 0, err
	}
	rows := make([]record.Record, len(out.Result))
	for i, row := range out.Result {
		rows[i] = newRecord(row)
	}
	total, err := strconv.Atoi(header.Get("X-Total-Count"))
	if err != nil {
		total = offset + len(rows)
		if len(rows) == size {
			total++
		}
	}
	return rows, total, nil
}
