package servicenow

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// queryTerms are the terms of an encoded query that an answer can be held against.
type queryTerms []queryTerm

type queryTerm struct {
	column string
	value  string
	equals bool // the column must hold the value in every row
}

// queryTermPattern takes a column apart from its operator: columns are written small, operators are capitals or signs.
var queryTermPattern = regexp.MustCompile(`^(?:OR|NQ)?([a-z][a-z0-9_.]*)(!=|>=|<=|=|>|<|[A-Z])(.*)$`)

// termsOf takes an encoded query apart. Values are held against an answer only where every term must hold.
func termsOf(query string) queryTerms {
	all := !strings.Contains(query, "^OR") && !strings.Contains(query, "^NQ") ||
		strings.Contains(query, "^ORDERBY") && strings.Count(query, "^OR") == strings.Count(query, "^ORDERBY") &&
			!strings.Contains(query, "^NQ")
	var terms queryTerms
	for term := range strings.SplitSeq(query, "^") {
		m := queryTermPattern.FindStringSubmatch(term)
		if m == nil || strings.Contains(m[1], ".") {
			continue // an order, or a column of a reference, which an answer holds only when asked
		}
		scripted := strings.HasPrefix(m[3], "javascript:") || strings.HasPrefix(m[3], "DYNAMIC")
		terms = append(terms, queryTerm{m[1], m[3], all && m[2] == "=" && !scripted})
	}
	return terms
}

// check finds a term that the server dropped. It says nothing about it, and runs the rest of the query.
func (terms queryTerms) check(table string, row record.Record) error {
	for _, term := range terms {
		held, ok := row.Values[term.column]
		switch {
		case !ok:
			return fmt.Errorf("the table %s has no column %s, or the account may not read it, so ServiceNow dropped that "+
				"term of the query and answered with other records", table, term.column)
		case term.equals && !sameStored(record.Text(held), term.value):
			return fmt.Errorf("the query asks for %s = %q, and the record %s holds %q: ServiceNow dropped that term of the "+
				"query and answered with other records", term.column, term.value, row.ID, record.Text(held))
		}
	}
	return nil
}

// sameStored compares as ServiceNow does: without case, and with the other spellings of booleans and numbers. A
// reference may have been asked for by its display value.
func sameStored(stored, asked string) bool {
	if strings.EqualFold(stored, asked) || lifecycle.IsSysID(stored) && !lifecycle.IsSysID(asked) {
		return true
	}
	a, err1 := strconv.ParseFloat(stored, 64)
	b, err2 := strconv.ParseFloat(asked, 64)
	if err1 == nil && err2 == nil {
		return a == b
	}
	x, err1 := strconv.ParseBool(stored)
	y, err2 := strconv.ParseBool(asked)
	return err1 == nil && err2 == nil && x == y
}
