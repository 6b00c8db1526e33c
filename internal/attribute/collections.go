package attribute

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// Join is one schema of several. An attribute that stands in two of them is a fault of the program.
func Join(parts ...Schema) Schema {
	all := Schema{}
	for _, part := range parts {
		for name, a := range part {
			if _, twice := all[name]; twice {
				panic("the attribute " + name + " stands twice in one schema")
			}
			all[name] = a
		}
	}
	return all
}

// Names may be a set of texts, each of which holds.
func Names(description string, holds ...validator.String) schema.SetAttribute {
	a := schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: description}
	if len(holds) > 0 {
		a.Validators = []validator.Set{setvalidator.ValueStringsAre(holds...)}
	}
	return a
}

// NamesOr may be a set of texts, each of which holds, and has a default.
func NamesOr(values []string, description string, holds ...validator.String) schema.SetAttribute {
	elements := make([]attr.Value, len(values))
	for i, value := range values {
		elements[i] = types.StringValue(value)
	}
	a := Names(description+defaultsTo(`["`+strings.Join(values, `", "`)+`"]`), holds...)
	a.Computed, a.Default = true, setdefault.StaticValue(types.SetValueMust(types.StringType, elements))
	return a
}

// References may be a set of sys_ids.
func References(description string) schema.SetAttribute { return Names(description, lifecycle.SysID()) }

// ServerReferences may be a set of sys_ids, and is the server's otherwise.
func ServerReferences(description string) schema.SetAttribute {
	a := References(description)
	a.Computed = true
	return a
}

// List may be a list of texts.
func List(description string) schema.ListAttribute {
	return schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: description}
}

// OrderedReferences may be a list of sys_ids, each of them once.
func OrderedReferences(description string) schema.ListAttribute {
	a := List(description)
	a.Validators = []validator.List{listvalidator.UniqueValues(), listvalidator.ValueStringsAre(lifecycle.SysID())}
	return a
}

// RequiredOrderedReferences must be a list of sys_ids, each of them once.
func RequiredOrderedReferences(description string) schema.ListAttribute {
	a := OrderedReferences(description)
	a.Optional, a.Required = false, true
	return a
}

// Texts may be a map from names to texts.
func Texts(description string) schema.MapAttribute {
	return schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: description}
}

// RequiredTexts must be a map to texts from names that hold.
func RequiredTexts(description string, names ...validator.String) schema.MapAttribute {
	return schema.MapAttribute{
		Required: true, ElementType: types.StringType, MarkdownDescription: description,
		Validators: []validator.Map{mapvalidator.KeysAre(names...)},
	}
}

// ComputedTexts is the server's map from names to texts.
func ComputedTexts(description string) schema.MapAttribute {
	return schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
}

// Secrets is a write-only map from names to texts. The lifecycle makes it one, by its name, which ends in _wo.
func Secrets(description string) schema.MapAttribute {
	return schema.MapAttribute{ElementType: types.StringType, MarkdownDescription: description}
}

// Object may be an object.
func Object(description string, attributes Schema) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{Optional: true, MarkdownDescription: description, Attributes: attributes}
}

// Objects may be a list of objects.
func Objects(description string, attributes Schema) schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Optional: true, MarkdownDescription: description,
		NestedObject: schema.NestedAttributeObject{Attributes: attributes},
	}
}

// ComputedObjects is the server's list of objects.
func ComputedObjects(description string, attributes Schema) schema.ListNestedAttribute {
	a := Objects(description, attributes)
	a.Optional, a.Computed = false, true
	return a
}
