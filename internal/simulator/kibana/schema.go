package kibana

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

type kind int

const (
	anything kind = iota
	text
	boolean
	number
	object
	array
	record
	choice
)

func (k kind) String() string {
	return [...]string{"any", "string", "boolean", "number", "object", "array", "record", "string"}[k]
}

// schema describes one JSON value as Kibana's config-schema and zod do: strict objects, defaults filled in.
type schema struct {
	kind       kind
	optional   bool // may be absent, and then stays absent
	nullable   bool
	hasDefault bool
	fallback   any
	properties []property
	open       bool // unknown keys are kept instead of refused
	element    *schema
	nonEmpty   bool
	options    []string
	refine     func(value any) string // a further check; answers the fault's text or ""
}

type property struct {
	name string
	schema
}

func required(name string, k kind) property { return property{name, schema{kind: k}} }

func defaulted(name string, k kind, fallback any) property {
	return property{name, schema{kind: k, hasDefault: true, fallback: fallback}}
}

// nullable is schema.nullable / z.nullable().default(null): absent and null are stored as null.
func nullable(name string, s schema) property {
	s.nullable, s.hasDefault, s.fallback = true, true, nil
	return property{name, s}
}

func nullables(names ...string) []property {
	properties := make([]property, 0, len(names))
	for _, name := range names {
		properties = append(properties, nullable(name, schema{kind: text}))
	}
	return properties
}

func strict(properties ...property) schema { return schema{kind: object, properties: properties} }

func oneOf(name string, options ...string) property {
	return property{name, schema{kind: choice, options: options}}
}

func listOf(element schema) schema { return schema{kind: array, element: &element} }

// step leads from a value to one inside it: a key of an object, or an index of an array.
type step struct {
	name  string
	index bool
}

// fault is one thing wrong with a value, before it is put into words.
type fault struct {
	path     []step
	code     faultCode
	expected string
	received string
	nullable bool
	names    []string // unknown keys, or the options of a choice
	message  string   // of a custom check
	value    string   // what was given, as JavaScript prints it
	inner    []fault  // of a value that could have been null instead
}

type faultCode int

const (
	wrongType faultCode = iota
	unknownKeys
	wrongChoice
	emptyList
	custom
	unionOfNull // config-schema tells faults inside a nullable value as those of a union with null
)

// validate answers value with its defaults filled in, or everything that is wrong with it.
func (s schema) validate(w wording, value any) (any, []fault) {
	c := checker{wording: w}
	result, _ := c.check(s, value, true, nil)
	return result, c.faults
}

type checker struct {
	wording wording
	faults  []fault
}

func (c *checker) add(f fault, path []step) {
	f.path = slices.Clone(path)
	c.faults = append(c.faults, f)
}

func key(name string) step { return step{name: name} }

// check answers the completed value and whether it is to be stored at all.
func (c *checker) check(s schema, value any, present bool, path []step) (any, bool) {
	before := len(c.faults)
	value, keep := c.checkValue(s, value, present, path)
	if c.wording == configSchema && s.nullable && present && len(c.faults) > before {
		inner := slices.Clone(c.faults[before:])
		c.faults = c.faults[:before]
		c.add(fault{code: unionOfNull, inner: inner, value: inner[0].value}, path)
	}
	return value, keep
}

func (c *checker) checkValue(s schema, value any, present bool, path []step) (any, bool) {
	if !present {
		switch {
		case s.hasDefault:
			return s.fallback, true
		case s.optional:
			return nil, false
		case s.kind == object && c.wording == configSchema && len(path) > 0:
			// config-schema takes a missing nested object for {}, so its required children are what is reported.
			value = map[string]any{}
		case s.kind == choice:
			c.add(fault{code: wrongChoice, received: "undefined", value: "undefined", names: s.options}, path)
			return nil, false
		default:
			c.add(fault{code: wrongType, expected: s.kind.String(), received: "undefined", value: "undefined"}, path)
			return nil, false
		}
	}
	if value == nil && s.nullable {
		return nil, true
	}
	if !s.kind.accepts(value) {
		c.add(fault{
			code: wrongType, expected: s.kind.String(), received: typeName(value), nullable: s.nullable,
			value: printed(value),
		}, path)
		return nil, false
	}
	switch given := value.(type) {
	case map[string]any:
		if s.kind == object {
			value = c.checkObject(s, given, path)
		} else if s.kind == record && s.element != nil {
			for _, name := range sortedKeys(given) {
				c.check(*s.element, given[name], true, append(path, key(name)))
			}
		}
	case []any:
		if s.kind == array {
			value = c.checkArray(s, given, path)
		}
	case string:
		if s.kind == choice && !slices.Contains(s.options, given) {
			c.add(fault{code: wrongChoice, received: given, value: given, names: s.options}, path)
		}
	}
	if s.refine != nil {
		if message := s.refine(value); message != "" {
			c.add(fault{code: custom, message: message, value: printed(value)}, path)
		}
	}
	return value, true
}

func (c *checker) checkObject(s schema, given map[string]any, path []step) any {
	completed := make(map[string]any, len(s.properties))
	known := make(map[string]bool, len(s.properties))
	for _, p := range s.properties {
		known[p.name] = true
		value, present := given[p.name]
		if kept, keep := c.check(p.schema, value, present, append(path, key(p.name))); keep {
			completed[p.name] = kept
		}
	}
	var unknown []string
	for _, key := range sortedKeys(given) {
		switch {
		case known[key]:
		case s.open:
			completed[key] = given[key]
		default:
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		c.add(fault{code: unknownKeys, names: unknown}, path)
	}
	return completed
}

func (c *checker) checkArray(s schema, given []any, path []step) any {
	if s.nonEmpty && len(given) == 0 {
		c.add(fault{code: emptyList}, path)
	}
	if s.element == nil {
		return given
	}
	completed := make([]any, 0, len(given))
	for i, item := range given {
		value, _ := c.check(*s.element, item, true, append(path, step{strconv.Itoa(i), true}))
		completed = append(completed, value)
	}
	return completed
}

func (k kind) accepts(value any) bool {
	switch k {
	case text, choice:
		_, ok := value.(string)
		return ok
	case boolean:
		_, ok := value.(bool)
		return ok
	case number:
		_, ok := value.(float64)
		return ok
	case object, record:
		_, ok := value.(map[string]any)
		return ok
	case array:
		_, ok := value.([]any)
		return ok
	case anything:
		return true
	}
	return false
}

// printed is a value as a template literal of JavaScript shows it, objects and arrays as JSON.
func printed(value any) string {
	if text, isText := value.(string); isText {
		return text
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

func typeName(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case []any:
		return "array"
	default:
		return "object"
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// tell puts faults into the words of a generation. config-schema stops at the first one, zod lists them all.
func (w wording) tell(faults []fault) string {
	switch w {
	case configSchema:
		return faults[0].configSchema("")
	case zod3:
		lines := make([]any, len(faults))
		for i, f := range faults {
			lines[i] = f.zod3()
		}
		return indentJSON(lines)
	default:
		faults = slices.Clone(faults)
		// The printer puts short paths first.
		slices.SortStableFunc(faults, func(a, b fault) int { return len(a.path) - len(b.path) })
		lines := make([]string, len(faults))
		for i, f := range faults {
			lines[i] = f.zod4()
		}
		return strings.Join(lines, "\n")
	}
}

// configSchema words a fault; prefix is put before the path ("request body" for whole requests).
func (f fault) configSchema(prefix string) string { return f.configSchemaAt(prefix, f.path, "") }

// configSchemaAt words a fault at a path. The alternatives of a union inside a union are indented, and their paths
// leave out the number of the outer one, which is the prefix.
func (f fault) configSchemaAt(prefix string, steps []step, indent string) string {
	var path []string
	if prefix != "" {
		path = append(path, prefix)
	}
	for _, s := range steps {
		path = append(path, s.name)
	}
	if f.code == unknownKeys {
		path = append(path, f.names[0])
	}
	at := strings.Join(path, ".")
	nested := indent
	inside := at
	if _, err := strconv.Atoi(prefix); err == nil {
		nested, inside = indent+" ", strings.TrimPrefix(at, prefix+".")
	}
	var message string
	expected := strings.Replace(f.expected, "record", "object", 1)
	switch f.code {
	case unknownKeys:
		message = "definition for this key is missing"
	case emptyList:
		message = "expected non-empty but got empty"
	case custom:
		message = f.message
	case wrongChoice:
		message = "types that failed validation:"
		for i, option := range f.names {
			message += fmt.Sprintf("\n%s- [%s.%d]: expected value to equal [%s]", nested, inside, i, option)
		}
	case unionOfNull:
		first := f.inner[0]
		beneath := slices.Concat([]step{{name: inside}, {name: "0"}}, first.path[len(f.path):])
		if inside == "" {
			beneath = beneath[1:]
		}
		message = fmt.Sprintf("types that failed validation:\n%s- %s\n%s- [%s.1]: expected value to equal [null]",
			nested, first.configSchemaAt("", beneath, nested+" "), nested, inside)
	case wrongType:
		if f.expected == "object" && f.received != "undefined" {
			message = fmt.Sprintf("expected a plain object value, but found [%s] instead.", f.received)
		} else {
			message = fmt.Sprintf("expected value of type [%s] but got [%s]", expected, f.received)
		}
	}
	if at == "" {
		return message
	}
	return fmt.Sprintf("[%s]: %s", at, message)
}

// zod3 is the issue as zod 3 prints it; the order of the keys is part of the text.
func (f fault) zod3() any {
	path := make([]any, 0, len(f.path))
	for _, s := range f.path {
		if i, err := strconv.Atoi(s.name); s.index && err == nil {
			path = append(path, i)
			continue
		}
		path = append(path, s.name)
	}
	type typeIssue struct {
		Code     string `json:"code"`
		Expected string `json:"expected"`
		Received string `json:"received"`
		Path     []any  `json:"path"`
		Message  string `json:"message"`
	}
	switch f.code {
	case unknownKeys:
		return struct {
			Code    string   `json:"code"`
			Keys    []string `json:"keys"`
			Path    []any    `json:"path"`
			Message string   `json:"message"`
		}{"unrecognized_keys", f.names, path, "Unrecognized key(s) in object: " + quoted(f.names, "'", ", ")}
	case wrongChoice:
		if f.received == "undefined" {
			return typeIssue{"invalid_type", quoted(f.names, "'", " | "), f.received, path, "Required"}
		}
		return struct {
			Received string   `json:"received"`
			Code     string   `json:"code"`
			Options  []string `json:"options"`
			Path     []any    `json:"path"`
			Message  string   `json:"message"`
		}{f.received, "invalid_enum_value", f.names, path, fmt.Sprintf("Invalid enum value. Expected %s, received '%s'",
			quoted(f.names, "'", " | "), f.received)}
	case emptyList, custom:
		message := f.message
		if f.code == emptyList {
			message = "Array must contain at least 1 element(s)"
		}
		return struct {
			Code    string `json:"code"`
			Message string `json:"message"`
			Path    []any  `json:"path"`
		}{"custom", message, path}
	case wrongType, unionOfNull: // zod knows no such union
	}
	expected := strings.Replace(f.expected, "record", "object", 1)
	message := fmt.Sprintf("Expected %s, received %s", expected, f.received)
	if f.received == "undefined" {
		message = "Required"
	}
	return typeIssue{"invalid_type", expected, f.received, path, message}
}

func (f fault) zod4() string {
	var message string
	switch f.code {
	case unknownKeys:
		noun := "key"
		if len(f.names) > 1 {
			noun = "keys"
		}
		message = fmt.Sprintf("Unrecognized %s: %s", noun, quoted(f.names, `"`, ", "))
	case wrongChoice:
		message = "Invalid option: expected one of " + quoted(f.names, `"`, "|")
	case emptyList:
		message = "Too small: expected array to have >=1 items"
	case custom:
		message = f.message
	case wrongType, unionOfNull:
		message = fmt.Sprintf("Invalid input: expected %s, received %s", f.expected, f.received)
	}
	if len(f.path) > 0 {
		message += "\n  → at " + dotted(f.path)
	}
	return "✖ " + message
}

// dotted is a path as zod 4 prints it: comments[0].commentId.
func dotted(path []step) string {
	var out strings.Builder
	for i, s := range path {
		switch {
		case s.index:
			out.WriteString("[" + s.name + "]")
		case i > 0:
			out.WriteString("." + s.name)
		default:
			out.WriteString(s.name)
		}
	}
	return out.String()
}

func quoted(names []string, mark, separator string) string {
	marked := make([]string, len(names))
	for i, name := range names {
		marked[i] = mark + name + mark
	}
	return strings.Join(marked, separator)
}

// indentJSON is JSON.stringify(value, null, 2): no escaping of <, > and &.
func indentJSON(value any) string {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(buffer.String(), "\n")
}
