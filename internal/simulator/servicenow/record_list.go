package servicenow

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// recordList is a list of records, or one record, in JSON, with the keys in the order that encoding/json would give
// them. Records of seventy columns in maps took longer to be sorted and encoded than to be found.
type recordList struct {
	rows  []byte
	count int
}

// MarshalJSON is for lists inside of other answers, such as a batch's.
func (l recordList) MarshalJSON() ([]byte, error) { return l.rows, nil }

// shownColumn is a column of the table that was asked for, with its key in JSON.
type shownColumn struct {
	*Column

	key []byte
}

// shownColumns are the columns of a record when all are asked for; nil where a request names them.
func (s *Server) shownColumns(t *table, v view) []shownColumn {
	if v.fields != nil {
		return nil
	}
	if t.shown == nil {
		t.shown = make([]shownColumn, len(t.columns))
		for i, c := range t.columns {
			t.shown[i] = shownColumn{c, append(appendText(nil, c.Name), ':')}
		}
		slices.SortFunc(t.shown, func(a, b shownColumn) int { return strings.Compare(a.Name, b.Name) })
	}
	return t.shown
}

// renderInto adds a record to a list: what render makes of it, without the map.
func (s *Server) renderInto(l *recordList, t *table, r *row, v view, shown []shownColumn) {
	if l.count > 0 {
		l.rows = append(l.rows, ',')
	}
	l.count++
	if shown == nil {
		l.rows = appendValue(l.rows, s.render(t, r, v))
		return
	}
	l.rows = append(l.rows, '{')
	first := true
	for _, column := range shown {
		c := column.Column
		if r.table != t {
			c = r.table.column(c.Name) // the class may override a column's choices
		}
		if c == nil || s.guards.columnUnreadable(r.table, c.Name) {
			continue
		}
		if !first {
			l.rows = append(l.rows, ',')
		}
		first = false
		l.rows = append(l.rows, column.key...)
		if value := r.values[c.Name]; value == "" && c.Type != Password && c.Type != Password2 &&
			v.display != "all" && v.display != "true" && c.Name != "expires_in_days" {
			l.rows = append(l.rows, `""`...) // most columns of most records are empty
			continue
		}
		switch value := s.renderColumn(r, c, v).(type) {
		case string:
			l.rows = appendText(l.rows, value)
		default:
			l.rows = appendValue(l.rows, value)
		}
	}
	l.rows = append(l.rows, '}')
}

// appendText adds a text in JSON, as an encoder does that leaves HTML alone.
func appendText(to []byte, text string) []byte {
	for i := range len(text) {
		if b := text[i]; b < ' ' || b > '~' || b == '"' || b == '\\' {
			return appendValue(to, text)
		}
	}
	return append(append(append(to, '"'), text...), '"')
}

func appendValue(to []byte, value any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // texts, and maps of texts
	return append(to, bytes.TrimSuffix(buffer.Bytes(), []byte{'\n'})...)
}
