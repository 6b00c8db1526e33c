package provider_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// TestNeedsAreStatedOnce holds that each resource's definition says what the resource needs, that its page says the
// same, and that nobody has written it there by hand.
func TestNeedsAreStatedOnce(t *testing.T) {
	t.Parallel()
	handwritten := regexp.MustCompile("Needs the (role|plugin)|Needs (Xanadu|Yokohama|Zurich|Australia)|" +
		"(not every|older) instances? (has|have|do not have) it")
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		d, _, _ := lifecycle.Inspect(e.resource)
		account := d.Needs.Account()
		switch {
		case account == "":
			t.Errorf("%s: Definition.Needs says neither which roles are enough nor which access is needed", e.name)
			continue
		case d.Needs.Roles != nil && d.Needs.Access != "":
			t.Errorf("%s: Definition.Needs says it twice, in Roles and in Access", e.name)
		case d.Server == lifecycle.Kibana && !strings.Contains(account, "privilege"):
			t.Errorf("%s: Definition.Needs.Access names the privilege in Kibana, and not %q", e.name, account)
		}
		if !strings.HasSuffix(e.description, account+".") {
			t.Errorf("%s: the page does not end with what the resource needs: %q", e.name, e.description)
		}
		texts := map[string]string{"the description": d.Description}
		for name, a := range d.Attributes {
			texts[name] = a.GetMarkdownDescription()
		}
		for what, text := range texts {
			if found := handwritten.FindString(text); found != "" {
				t.Errorf("%s: %s says %q by hand; state it in Definition.Needs", e.name, what, found)
			}
			for _, role := range slices.Concat(d.Needs.Roles...) {
				if strings.Contains(text, "`"+role+"`") {
					t.Errorf("%s: %s names the role %s by hand; Definition.Needs has it", e.name, what, role)
				}
			}
		}
	}
}

// TestNewerColumnsAreBound holds that what Needs says of columns is said of columns that the resource has.
func TestNewerColumnsAreBound(t *testing.T) {
	t.Parallel()
	releases := []string{lifecycle.SomeInstances, "Xanadu", "Yokohama", "Zurich", "Australia"}
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		d, bound, _ := lifecycle.Bindings(t.Context(), e.resource)
		attributeOf := map[string]string{}
		for _, b := range bound {
			columns := b.Columns()
			switch f := field.Unwrap(b.Field).(type) {
			case field.SecretField:
				columns = []string{f.Column()}
			default:
				if sent, constant := field.ConstantColumn(b.Field); constant {
					columns = append(columns, sent)
				}
			}
			for _, column := range columns {
				attributeOf[column] = b.Attribute
			}
		}
		for column, release := range d.Needs.Newer {
			attribute, ok := attributeOf[column]
			if !ok {
				t.Errorf("%s: Needs.Newer names %s, which no field is bound to", e.name, column)
			}
			if !slices.Contains(releases, release) {
				t.Errorf("%s: %s came with %q, which is no release that is known", e.name, column, release)
			}
			a := e.schema.Attributes[attribute]
			if a != nil && (a.IsOptional() || a.IsRequired()) && !saysSince(a, release) {
				t.Errorf("%s.%s: the description does not say which instances have it", e.name, attribute)
			}
		}
		for column := range d.Needs.Choices {
			if _, ok := attributeOf[column]; !ok {
				t.Errorf("%s: Needs.Choices names %s, which no field is bound to", e.name, column)
			}
		}
	}
}

func saysSince(a schema.Attribute, release string) bool {
	since := "Not every instance has it."
	if release != lifecycle.SomeInstances {
		since = "Needs " + release + " or newer."
	}
	return strings.Contains(a.GetMarkdownDescription(), since)
}
