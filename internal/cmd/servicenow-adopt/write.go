package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/embedded"
)

// writer writes resources in HCL.
type writer struct {
	out strings.Builder
	*estate
	targets   targets
	written   map[*found]bool
	variables map[string]bool
	broken    map[[2]*found]bool // references that would close a circle
	// missing are the variables of the resource that is being written.
	missing []variable
	// hidden are its attributes of which a part is not written, since it is a secret.
	hidden []string
	self   *found
	// attribute is what is being written of it, within the objects named before it, and prefix begins its variables.
	attribute, within, prefix string
}

// resource writes one resource and its import.
func (w *writer) resource(attributes []*tfprotov6.SchemaAttribute, f *found) {
	if w.out.Len() > 0 {
		w.out.WriteByte('\n')
	}
	w.self, w.missing, w.hidden = f, nil, nil
	fmt.Fprintf(&w.out, "import {\n  to = %s\n  id = %s\n}\n\n", f.address(), quoted(importID(f)))
	fmt.Fprintf(&w.out, "resource %q %q {\n", f.kind, f.label)
	w.prefix = f.kind[len("servicenow_"):] + "_" + f.label
	w.body(attributes, f.Resource, "  ")
	if len(w.hidden) > 0 {
		slices.Sort(w.hidden)
		fmt.Fprintf(&w.out, `
  # The server shows what is a comment above, so it stands in the state too. To set it from here, uncomment it and its
  # variable, and delete this block.
  lifecycle {
    ignore_changes = [%s]
  }
`, strings.Join(slices.Compact(w.hidden), ", "))
	}
	w.out.WriteString("}\n")
	for _, v := range w.missing {
		fmt.Fprintf(&w.out, "\n# variable %q {\n#   type      = %s\n", v.name, v.kind)
		if !v.kept {
			w.out.WriteString("#   ephemeral = true\n")
		}
		w.out.WriteString("#   sensitive = true\n# }\n")
	}
}

// variable is one that a secret would be set with.
type variable struct {
	name, kind string
	kept       bool // in the state, as an ephemeral value cannot be
}

// importID is an import id that names the place, where there is one. Of a record of any table it names the columns.
func importID(f *found) string {
	id := cmp.Or(f.Identity["id"], f.id())
	if table := f.Identity["table"]; f.kind == anyRecord && table != "" {
		var values map[string]tftypes.Value
		_ = f.Resource["values"].As(&values) // the schema says that it is a map
		return table + "/" + id + "/" + strings.Join(slices.Sorted(maps.Keys(values)), ",")
	}
	if space := f.Identity["space_id"]; space != "" {
		return space + "/" + id
	}
	return id
}

// body writes attributes that the configuration decides, the required ones first, and secrets as comments. What is
// the default goes without saying.
func (w *writer) body(attributes []*tfprotov6.SchemaAttribute, values map[string]tftypes.Value, indent string) {
	attributes = slices.Clone(attributes)
	slices.SortStableFunc(attributes, func(a, b *tfprotov6.SchemaAttribute) int {
		return cmp.Or(-compareBools(a.Required, b.Required), cmp.Compare(a.Name, b.Name))
	})
	top := w.within == ""
	for _, a := range attributes {
		value := values[a.Name]
		usual, ok := w.self.defaults[w.within+a.Name]
		if top {
			w.attribute = a.Name
		}
		switch {
		case a.WriteOnly:
			kind := "string"
			if a.Type.Is(tftypes.Map{}) {
				kind = "map(string)"
			}
			name := w.variable(strings.TrimSuffix(a.Name, "_wo"), variable{kind: kind})
			fmt.Fprintf(&w.out, "%s# %s = var.%s\n", indent, a.Name, name)
		case top && (a.Name == "timeouts" || a.Name == "id" || slices.Contains(w.self.floating, a.Name)):
		case !a.Required && !a.Optional || a.Sensitive:
		case value.Type() == nil || value.IsNull() || !value.IsKnown() || ok && usual.Equal(value):
		case a.NestedType != nil:
			fmt.Fprintf(&w.out, "%s%s = %s\n", indent, a.Name, w.nested(a, value, indent))
		default:
			fmt.Fprintf(&w.out, "%s%s = %s\n", indent, a.Name, w.value(a.Name, value, indent))
		}
	}
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (w *writer) variable(of string, v variable) string {
	v.name = unique(w.prefix+"_"+of, w.variables)
	w.missing = append(w.missing, v)
	return v.name
}

// inner writes the attributes of an object in an attribute to a text of its own.
func (w *writer) inner(a *tfprotov6.SchemaAttribute, value tftypes.Value, indent string) string {
	var values map[string]tftypes.Value
	_ = value.As(&values) // the schema says that it is an object
	nested := *w
	nested.out, nested.within = strings.Builder{}, w.within+a.Name+"."
	nested.body(a.NestedType.Attributes, values, indent+"  ")
	w.missing, w.hidden = nested.missing, nested.hidden
	return "{\n" + nested.out.String() + indent + "}"
}

func (w *writer) nested(a *tfprotov6.SchemaAttribute, value tftypes.Value, indent string) string {
	if a.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeSingle {
		return w.inner(a, value, indent)
	}
	if a.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeMap {
		var items map[string]tftypes.Value
		_ = value.As(&items) // as above
		lines := make([]string, 0, len(items))
		for _, key := range slices.Sorted(maps.Keys(items)) {
			lines = append(lines, indent+"  "+quoted(key)+" = "+w.inner(a, items[key], indent+"  ")+"\n")
		}
		return "{\n" + strings.Join(lines, "") + indent + "}"
	}
	var items []tftypes.Value
	_ = value.As(&items) // as above
	lines := make([]string, len(items))
	for i, item := range items {
		lines[i] = indent + "  " + w.inner(a, item, indent+"  ") + ",\n"
	}
	return "[\n" + strings.Join(lines, "") + indent + "]"
}

// value writes a value that is not an object.
func (w *writer) value(attribute string, value tftypes.Value, indent string) string {
	if value.IsNull() {
		return "null"
	}
	switch {
	case value.Type().Is(tftypes.String):
		text, _ := embedded.Text(value)
		return w.text(attribute, text)
	case value.Type().Is(tftypes.Bool):
		var b bool
		_ = value.As(&b) // it is one
		return fmt.Sprint(b)
	case value.Type().Is(tftypes.Number):
		n := &big.Float{}
		_ = value.As(&n) // it is one
		return n.Text('f', -1)
	}
	if value.Type().Is(tftypes.Map{}) {
		var items map[string]tftypes.Value
		_ = value.As(&items) // it is one
		lines := make([]string, 0, len(items))
		for _, key := range slices.Sorted(maps.Keys(items)) {
			lines = append(lines, indent+"  "+quoted(key)+" = "+w.value(attribute, items[key], indent+"  ")+"\n")
		}
		return "{\n" + strings.Join(lines, "") + indent + "}"
	}
	var items []tftypes.Value
	if err := value.As(&items); err != nil {
		return "null # " + err.Error()
	}
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = w.element(attribute, item, indent)
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// element writes a value in a list, on one line and without a comment.
func (w *writer) element(attribute string, value tftypes.Value, indent string) string {
	text, ok := embedded.Text(value)
	if !ok {
		return w.value(attribute, value, indent)
	}
	if reference, _ := w.reference(attribute, text); reference != "" {
		return reference
	}
	return quoted(text)
}

// reference is what a text in an attribute refers to; empty where it stands as it is, maybe with a note.
func (w *writer) reference(attribute, text string) (reference, note string) {
	t, ok := w.targets.of(w.self, attribute, text)
	switch {
	case !ok || t.of == w.self || !w.written[t.of]:
		return "", w.left[text]
	case w.broken[[2]*found{w.self, t.of}]:
		return "", t.of.address() + ", which refers to this one"
	}
	return t.of.address() + "." + t.attribute, ""
}

// text writes a reference where one is held, and anything else as it is.
func (w *writer) text(attribute, text string) string {
	reference, note := w.reference(attribute, text)
	switch {
	case reference != "":
		return reference
	case note != "":
		return quoted(text) + " # " + printable(note)
	case strings.HasPrefix(text, "{") || strings.HasPrefix(text, "["):
		if document, ok := w.document(text); ok {
			return document
		}
		return quoted(text)
	case strings.Contains(strings.TrimSuffix(text, "\n"), "\n") && !strings.ContainsFunc(text, unprintable):
		return heredoc(text)
	}
	return quoted(text)
}

// document writes JSON as a call of jsonencode; not ok where that would make another text. Secrets in it are comments,
// and then the text need not be the same.
func (w *writer) document(text string) (string, bool) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil || decoder.More() {
		return "", false
	}
	hidden := len(w.hidden)
	written := "jsonencode(" + w.expression("", value, "  ") + ")"
	if len(w.hidden) > hidden {
		return written, true
	}
	again, err := json.Marshal(value)
	if err != nil || string(again) != text || !plainNumbers(value) {
		return "", false
	}
	return written, true
}

// plainNumbers holds that Terraform spells every number as the text does.
func plainNumbers(value any) bool {
	switch value := value.(type) {
	case json.Number:
		const exact = 15 // digits
		_, err := value.Int64()
		return err == nil && len(value) <= exact && value != "-0"
	case []any:
		return !slices.ContainsFunc(value, func(item any) bool { return !plainNumbers(item) })
	case map[string]any:
		return !slices.ContainsFunc(slices.Collect(maps.Values(value)), func(item any) bool { return !plainNumbers(item) })
	}
	return true
}

// expression writes decoded JSON, which stands in the key within, as HCL.
func (w *writer) expression(within string, value any, indent string) string {
	switch value := value.(type) {
	case string:
		return quoted(value)
	case []any:
		items := make([]string, len(value))
		for i, item := range value {
			items[i] = w.expression(within, item, indent+"  ")
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		if len(value) == 0 {
			return "{}"
		}
		var lines strings.Builder
		for _, key := range slices.Sorted(maps.Keys(value)) {
			lines.WriteString(indent + "  ")
			if secretIn(value, within, key) {
				lines.WriteString("# " + quoted(key) + " = var." + w.hides(key, value[key]) + "\n")
				continue
			}
			lines.WriteString(quoted(key) + " = " + w.expression(key, value[key], indent+"  ") + "\n")
		}
		return "{\n" + lines.String() + indent + "}"
	case nil:
		return "null"
	}
	return fmt.Sprint(value) // a number or a boolean
}

// hides notes that a part of the attribute is not written, and returns the variable that would hold it.
func (w *writer) hides(key string, value any) string {
	w.hidden = append(w.hidden, w.attribute)
	v := variable{kind: "string", kept: true}
	if _, many := value.([]any); many {
		v.kind = "list(string)"
	}
	return w.variable(slug(key), v)
}

func unprintable(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
}

var templates = strings.NewReplacer("${", "$${", "%{", "%%{")

// heredoc writes a text of several lines.
func heredoc(text string) string {
	end := "EOT"
	for strings.Contains(text, end) {
		end += "_"
	}
	body := templates.Replace(text)
	if strings.HasSuffix(text, "\n") {
		return "<<" + end + "\n" + body + end
	}
	return "chomp(<<" + end + "\n" + body + "\n" + end + "\n  )"
}

// quoted writes a text in quotes.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return templates.Replace(b.String())
}

// providerBlock names the two servers, and leaves the credentials in the environment.
func providerBlock() string {
	var b strings.Builder
	b.WriteString(`terraform {
  required_providers {
    servicenow = {
      source = "seed-e98ff420/servicenow"
    }
  }
}

# Credentials come from the environment, such as SERVICENOW_USERNAME and SERVICENOW_PASSWORD.
provider "servicenow" {
`)
	if url := os.Getenv("SERVICENOW_INSTANCE_URL"); url != "" {
		fmt.Fprintf(&b, "  instance_url = %s\n", quoted(url))
	}
	if url := os.Getenv("KIBANA_ENDPOINT"); url != "" {
		fmt.Fprintf(&b, "  kibana = {\n    url = %s\n  }\n", quoted(url))
	}
	b.WriteString("}\n")
	return b.String()
}

func (e *estate) readme(files []file) string {
	var b strings.Builder
	b.WriteString(`# Adopted integrations

This configuration describes what is there already. Next:

1. ` + "`terraform init`" + `
2. ` + "`terraform plan`" + `: imports only, 0 to add, 0 to change, 0 to destroy.
3. ` + "`terraform apply`" + `: writes the state, and nothing to any server.
4. Delete the ` + "`import`" + ` blocks once they were applied.

Secrets cannot be read. Their lines are comments: to let Terraform own a secret, uncomment its line and its variable.
The next apply then sends it.

| file | resources |
|---|---|
`)
	files = slices.SortedFunc(slices.Values(files), func(a, b file) int { return cmp.Compare(a.name, b.name) })
	for _, f := range files {
		fmt.Fprintf(&b, "| `%s` | %d |\n", f.name, strings.Count("\n"+f.text, "\nresource "))
	}
	b.WriteString(`
## Not among them

- What the platform ships, unless the command was told ` + "`-shipped`" + `. Where something refers to it, its id stands
  with a comment.
- Records of other tables, unless the command was told ` + "`-record TABLE=QUERY`" + `.
- Users, groups and roles that nothing here refers to; ` + "`-with user=QUERY`" + ` takes them too.
`)
	for _, note := range e.notes {
		b.WriteString("- " + note + "\n")
	}
	return b.String()
}
