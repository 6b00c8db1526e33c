package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Shape names an odd answer. Some are texts of their own; the others change the server's answer, for which the request
// has to be handled (CommitThenAnswer). "Row" is an element of a list, or the one record of any other answer.
type Shape string

// The texts. Each comes as JSON, without X-Total-Count, where nothing else is said.
const (
	EmptyBody       Shape = "empty"               // no byte
	Blanks          Shape = "blanks"              // white space only
	EmptyObject     Shape = "empty_object"        // {}
	Null            Shape = "null"                // null
	BareList        Shape = "bare_list"           // []
	ResultNull      Shape = "result_null"         // {"result":null}
	ResultObject    Shape = "result_empty_object" // {"result":{}}
	ResultList      Shape = "result_list"         // {"result":[]}
	ResultText      Shape = "result_text"         // {"result":"ok"}
	Page            Shape = "page"                // an HTML page, as text/html
	PageAsJSON      Shape = "page_as_json"        // an HTML page, as application/json
	UnfinishedJSON  Shape = "unfinished_json"     // {"result":[{"sys_id":"
	AnotherEncoding Shape = "another_encoding"    // UTF-16 behind a byte order mark
)

// The changes of the server's answer.
const (
	TrailingGarbage Shape = "trailing_garbage" // more text behind the JSON
	Truncated       Shape = "truncated"        // half of the JSON, in a complete HTTP answer
	CutOff          Shape = "cut_off"          // the connection breaks in the middle of the body
	WrongType       Shape = "wrong_type"       // the JSON as text/html
	WithoutID       Shape = "without_id"       // rows without sys_id and id
	NullRow         Shape = "null_row"         // the first row is null; an empty list has one
	NumberRow       Shape = "number_row"       // the first row is 7; an empty list has one
	ForeignRows     Shape = "foreign_rows"     // rows with other ids than the server's; an empty list has one
	ExtraRow        Shape = "extra_row"        // one row more, with another id
	DoubledRows     Shape = "doubled_rows"     // each row of a list twice, X-Total-Count as it was
	WithoutCount    Shape = "without_count"    // the rows, and no X-Total-Count
	WrongCount      Shape = "wrong_count"      // the rows, and an X-Total-Count of one more
	HiddenRows      Shape = "hidden_rows"      // no rows, X-Total-Count as it was: an ACL hides them
	NoRows          Shape = "no_rows"          // no rows, X-Total-Count 0: a count after access control
)

// form is how a shape is made: a text of its own, or an edit of the server's answer.
type form struct {
	text, contentType string
	edit              func(*recorder)
}

const foreignID = "f0e1d2c3b4a5968778695a4b3c2d1e0f"

var shapes = map[Shape]form{
	EmptyBody:      {},
	Blanks:         {text: " \r\n\t \n"},
	EmptyObject:    {text: `{}`},
	Null:           {text: `null`},
	BareList:       {text: `[]`},
	ResultNull:     {text: `{"result":null}`},
	ResultObject:   {text: `{"result":{}}`},
	ResultList:     {text: `{"result":[]}`},
	ResultText:     {text: `{"result":"ok"}`},
	Page:           {text: hibernatingPage, contentType: htmlType},
	PageAsJSON:     {text: hibernatingPage},
	UnfinishedJSON: {text: `{"result":[{"sys_id":"`},
	AnotherEncoding: {
		text: "\xff\xfe{\x00\"\x00r\x00e\x00s\x00u\x00l\x00t\x00\"\x00:\x00[\x00]\x00}\x00",
	},

	TrailingGarbage: {edit: func(r *recorder) {
		r.setBody(append(bytes.TrimSpace(r.body.Bytes()), "\n<!-- served by node-7 -->{}"...))
	}},
	Truncated: {edit: func(r *recorder) { r.setBody(bytes.Clone(r.body.Bytes()[:r.body.Len()/2])) }},
	CutOff:    {edit: func(r *recorder) { r.cutOff = r.body.Len() > 0 }},
	WrongType: {edit: func(r *recorder) { r.header.Set("Content-Type", htmlType) }},
	WithoutID: {edit: eachRow(func(row map[string]any) { delete(row, "sys_id"); delete(row, "id") })},
	NullRow:   {edit: firstRow(nil)},
	NumberRow: {edit: firstRow(7)},
	ForeignRows: {edit: func(r *recorder) {
		r.editRows(func(rows []any, isList bool) []any {
			if len(rows) == 0 && isList {
				r.countOneMore()
				return []any{map[string]any{"sys_id": foreignID, "id": foreignID}}
			}
			for _, row := range rows {
				if record, ok := row.(map[string]any); ok {
					makeForeign(record)
				}
			}
			return rows
		})
	}},
	ExtraRow: {edit: func(r *recorder) {
		r.editRows(func(rows []any, isList bool) []any {
			if !isList {
				return rows
			}
			extra := map[string]any{"sys_id": foreignID, "id": foreignID}
			if len(rows) > 0 {
				if first, ok := rows[0].(map[string]any); ok {
					extra = maps.Clone(first)
					makeForeign(extra)
				}
			}
			r.countOneMore()
			return append(rows, extra)
		})
	}},
	DoubledRows: {edit: func(r *recorder) {
		r.editRows(func(rows []any, isList bool) []any {
			if !isList {
				return rows
			}
			return append(rows, rows...)
		})
	}},
	WithoutCount: {edit: func(r *recorder) { r.header.Del("X-Total-Count") }},
	WrongCount:   {edit: func(r *recorder) { r.countOneMore() }},
	HiddenRows:   {edit: noRows},
	NoRows: {edit: func(r *recorder) {
		noRows(r)
		if r.header.Get("X-Total-Count") != "" {
			r.header.Set("X-Total-Count", "0")
		}
	}},
}

// Shapes returns the names of all shapes, sorted.
func Shapes() []Shape { return slices.Sorted(maps.Keys(shapes)) }

// shape makes the answer what an Answer or CommitThenAnswer rule says.
func (r *recorder) shape(rule Rule) {
	s := shapes[rule.Shape]
	if rule.Shape == "" {
		s.text = rule.Body
	}
	if s.edit != nil {
		s.edit(r)
	} else {
		r.setBody([]byte(s.text))
		r.header.Del("X-Total-Count")
		r.header.Del("Link")
		if s.contentType == "" {
			s.contentType = jsonType
		}
		r.header.Set("Content-Type", s.contentType)
	}
	if rule.ContentType != "" {
		r.header.Set("Content-Type", rule.ContentType)
	}
	for name, value := range rule.Header {
		r.header.Set(name, value)
	}
	if rule.Status != 0 {
		r.status = rule.Status
	}
}

func eachRow(do func(map[string]any)) func(*recorder) {
	return func(r *recorder) {
		r.editRows(func(rows []any, _ bool) []any {
			for _, row := range rows {
				if record, ok := row.(map[string]any); ok {
					do(record)
				}
			}
			return rows
		})
	}
}

func firstRow(value any) func(*recorder) {
	return func(r *recorder) {
		r.editRows(func(rows []any, _ bool) []any {
			if len(rows) == 0 {
				r.countOneMore()
				return []any{value}
			}
			rows[0] = value
			return rows
		})
	}
}

func noRows(r *recorder) {
	r.editRows(func(rows []any, isList bool) []any {
		if isList {
			return []any{}
		}
		return rows
	})
}

// makeForeign returns a row an id that looks like the server's and is another.
func makeForeign(row map[string]any) {
	for _, name := range []string{"sys_id", "id"} {
		if own, ok := row[name].(string); ok && own != "" {
			row[name] = strings.Map(nextHexDigit, own)
		}
	}
}

func nextHexDigit(r rune) rune {
	const digits = "0123456789abcdef"
	if at := strings.IndexRune(digits, r); at >= 0 {
		return rune(digits[(at+1)%len(digits)])
	}
	return r
}

// countOneMore raises X-Total-Count where the server sends one.
func (r *recorder) countOneMore() {
	if n, err := strconv.Atoi(r.header.Get("X-Total-Count")); err == nil {
		r.header.Set("X-Total-Count", strconv.Itoa(n+1))
	}
}

// editRows changes the rows of a JSON answer: of its "result", or of the whole. What is no JSON stays as it is.
func (r *recorder) editRows(edit func(rows []any, isList bool) []any) {
	document, err := decodeJSON(r.body.Bytes())
	if err != nil {
		return
	}
	editIn := func(value any) any {
		if list, ok := value.([]any); ok {
			return edit(list, true)
		}
		if rows := edit([]any{value}, false); len(rows) == 1 {
			return rows[0]
		}
		return value
	}
	if envelope, ok := document.(map[string]any); ok {
		if inner, enveloped := envelope["result"]; enveloped {
			envelope["result"] = editIn(inner)
			r.setJSON(envelope)
			return
		}
	}
	r.setJSON(editIn(document))
}

func (r *recorder) setJSON(document any) {
	if text, err := encodeJSON(document); err == nil { // it was decoded from JSON: always encodable
		r.setBody(text)
	}
}

func decodeJSON(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text behind the JSON")
	}
	return document, nil
}

// encodeJSON leaves <, > and & alone, as both servers do.
func encodeJSON(document any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(document)
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), err
}

// withMessage puts a text into the messages of an error envelope, whichever server's it is.
func withMessage(envelope []byte, text string) []byte {
	document, err := decodeJSON(envelope)
	fields, ok := document.(map[string]any)
	if err != nil || !ok {
		fields = map[string]any{}
	}
	if text = "Cannot process " + text; !setMessages(fields, text) {
		fields["message"] = text
	}
	body, err := encodeJSON(fields)
	if err != nil {
		return envelope
	}
	return body
}

// setMessages reports whether there was a message to set.
func setMessages(fields map[string]any, text string) bool {
	found := false
	for name, value := range fields {
		if inner, ok := value.(map[string]any); ok {
			found = setMessages(inner, text) || found
		} else if name == "message" || name == "detail" {
			fields[name], found = text, true
		}
	}
	return found
}

// gatewayPage is a page as gateways send it.
func gatewayPage(status int) string {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	return "<html><head><title>" + title + "</title></head><body><center><h1>" + title + "</h1></center></body></html>"
}
