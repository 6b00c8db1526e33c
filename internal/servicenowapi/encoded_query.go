package servicenowapi

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// QueryTerms are the terms of an encoded query that an answer can be held against.
type QueryTerms []QueryTerm

// QueryTerm is one of them.
type QueryTerm struct {
	// Column is the one that the term is about; of a dot-walk, the reference that it starts from.
	Column string
	value  string
	equals bool // the column must hold the value in every row
}

// queryTermPattern takes a column apart from its operator: column names are lowercase, operators are capitals or signs.
var queryTermPattern = regexp.MustCompile(`^(?:OR|NQ)?([a-z][a-z0-9_.]*)(!=|>=|<=|=|>|<|[A-Z])(.*)$`)

// TermsOf takes an encoded query apart. Values are held against an answer only where every term must hold.
func TermsOf(query string) QueryTerms {
	all := !strings.Contains(query, "^OR") && !strings.Contains(query, "^NQ") ||
		strings.Contains(query, "^ORDERBY") && strings.Count(query, "^OR") == strings.Count(query, "^ORDERBY") &&
			!strings.Contains(query, "^NQ")
	var terms QueryTerms
	for term := range strings.SplitSeq(query, "^") {
		m := queryTermPattern.FindStringSubmatch(term)
		if m == nil {
			continue // an order
		}
		column, _, dotted := strings.Cut(m[1], ".")
		scripted := strings.HasPrefix(m[3], "javascript:") || strings.HasPrefix(m[3], "DYNAMIC")
		terms = append(terms, QueryTerm{column, m[3], all && !dotted && m[2] == "=" && !scripted})
	}
	return terms
}

// Check finds a term that the server dropped. The server does not say so, and runs the rest.
func (terms QueryTerms) Check(table string, row record.Record) error {
	for _, term := range terms {
		held, ok := row.Values[term.Column]
		switch {
		case !ok:
			return fmt.Errorf("the table %s has no column %s, or the account may not read it, so ServiceNow dropped that "+
				"term of the query and answered with other records", table, term.Column)
		case term.equals && !sameStored(record.Text(held), term.value):
			return fmt.Errorf("the query asks for %s = %q, and the record %s holds %q: ServiceNow dropped that term of the "+
				"query and answered with other records", term.Column, term.value, row.ID, record.Text(held))
		}
	}
	return nil
}

var sysID = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

// sameStored compares as ServiceNow does: without case, and with the other spellings of booleans and numbers. A
// reference may have been asked for by its display value.
func sameStored(stored, asked string) bool {
	if strings.EqualFold(stored, asked) || sysID.MatchString(stored) && !sysID.MatchString(asked) {
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
