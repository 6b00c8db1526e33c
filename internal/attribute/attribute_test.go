package attribute_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
)

// TestBeginningsSayWhoSetsTheValue holds the rule of the package over all of its words.
func TestBeginningsSayWhoSetsTheValue(t *testing.T) {
	t.Parallel()
	const text = "What it is."
	for name, a := range map[string]schema.Attribute{
		"Text": attribute.Text(text), "Reference": attribute.Reference(text), "Flag": attribute.Flag(text),
		"Time": attribute.Time(text), "Names": attribute.Names(text), "References": attribute.References(text),
		"List": attribute.List(text), "OrderedReferences": attribute.OrderedReferences(text),
		"Texts": attribute.Texts(text), "Object": attribute.Object(text, nil), "Objects": attribute.Objects(text, nil),
		"SecretVersion": attribute.SecretVersion("it"),

		"RequiredText": attribute.RequiredText(text), "RequiredReference": attribute.RequiredReference(text),
		"RequiredTexts":             attribute.RequiredTexts(text),
		"RequiredOrderedReferences": attribute.RequiredOrderedReferences(text),

		"ReplacedText": attribute.ReplacedText(text), "ReplacedReference": attribute.ReplacedReference(text),

		"TextOr": attribute.TextOr("x", text), "FlagOr": attribute.FlagOr(false, text), "Active": attribute.Active(text),
		"IntOr": attribute.IntOr(7, text), "NamesOr": attribute.NamesOr([]string{"x", "y"}, text),

		"ServerText": attribute.ServerText(text), "ServerFlag": attribute.ServerFlag(text),
		"ServerInt": attribute.ServerInt(text), "ServerReferences": attribute.ServerReferences(text),

		"ComputedText": attribute.ComputedText(text), "ComputedFlag": attribute.ComputedFlag(text),
		"ComputedTime": attribute.ComputedTime(text), "ComputedTexts": attribute.ComputedTexts(text),
		"ComputedObjects": attribute.ComputedObjects(text, nil), "Adopted": attribute.Adopted("restores it"),
	} {
		required := strings.HasPrefix(name, "Required") || strings.HasPrefix(name, "Replaced")
		server := strings.HasPrefix(name, "Server")
		computed := strings.HasPrefix(name, "Computed") || name == "Adopted"
		defaulted := strings.HasSuffix(name, "Or") || name == "Active"
		if a.IsRequired() != required || a.IsComputed() != (server || computed || defaulted) ||
			a.IsOptional() != (!required && !computed) {
			t.Errorf("%s: required %v, optional %v, computed %v", name, a.IsRequired(), a.IsOptional(), a.IsComputed())
		}
		if has := hasDefault(a); has != defaulted {
			t.Errorf("%s: has a default: %v", name, has)
		}
		description := a.GetMarkdownDescription()
		if defaulted != strings.Contains(description, " Default: `") {
			t.Errorf("%s: %q", name, description)
		}
		replaced := strings.HasPrefix(name, "Replaced")
		if replaced != strings.Contains(description, "Changing it replaces") {
			t.Errorf("%s: %q", name, description)
		}
	}
}

func hasDefault(a schema.Attribute) bool {
	switch a := a.(type) {
	case schema.StringAttribute:
		return a.Default != nil
	case schema.BoolAttribute:
		return a.Default != nil
	case schema.Int64Attribute:
		return a.Default != nil
	case schema.SetAttribute:
		return a.Default != nil
	}
	return false
}

func TestReplacedTextsReplace(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]schema.StringAttribute{
		"ReplacedText": attribute.ReplacedText("x"), "ReplacedReference": attribute.ReplacedReference("x"),
		"ReplacedTextOr": attribute.ReplacedTextOr("x", "x"),
	} {
		replaces := 0
		for _, modifier := range a.PlanModifiers {
			if strings.Contains(describe(t.Context(), modifier), "destroy and recreate") {
				replaces++
			}
		}
		if replaces != 1 {
			t.Errorf("%s has %d plan modifiers that replace", name, replaces)
		}
	}
	if modifiers := attribute.Application("x").PlanModifiers; len(modifiers) > 0 {
		t.Errorf("the lifecycle plans the replacement of an application, and its attribute has %v", modifiers)
	}
}

func describe(ctx context.Context, m planmodifier.String) string { return m.Description(ctx) }

func TestReferencesTakeSysIDsOnly(t *testing.T) {
	t.Parallel()
	for value, ok := range map[string]bool{
		"0123456789abcdef0123456789abcdef": true, "0123456789ABCDEF0123456789ABCDEF": false, "Elastic": false, "": false,
	} {
		for name, a := range map[string]schema.StringAttribute{
			"Reference": attribute.Reference("x"), "RequiredReference": attribute.RequiredReference("x"),
			"ReplacedReference": attribute.ReplacedReference("x"),
		} {
			var resp validator.StringResponse
			for _, holds := range a.Validators {
				holds.ValidateString(t.Context(), validator.StringRequest{
					Path: path.Root("x"), ConfigValue: types.StringValue(value),
				}, &resp)
			}
			if resp.Diagnostics.HasError() == ok {
				t.Errorf("%s of %q: %v", name, value, resp.Diagnostics)
			}
		}
	}
}

func TestJoinRefusesAnAttributeTwice(t *testing.T) {
	t.Parallel()
	joined := attribute.Join(attribute.Schema{"a": attribute.Text("A.")}, attribute.Schema{"b": attribute.Text("B.")})
	if len(joined) != 2 {
		t.Errorf("joined %v", joined)
	}
	defer func() {
		if recover() == nil {
			t.Error("an attribute of two parts passed")
		}
	}()
	attribute.Join(attribute.Schema{"a": attribute.Text("A.")}, attribute.Schema{"a": attribute.Flag("A.")})
}
