// Package attribute holds the words that schemas of resources are written in, one for each way in which an attribute of
// this provider gets its value. The end of a word is the kind of value, its beginning says who sets it:
//
//	Text          may be configured; otherwise it is null
//	RequiredText  must be configured
//	ReplacedText  must be configured; another value makes another object
//	TextOr        may be configured; otherwise it has a default of this provider's
//	ServerText    may be configured; otherwise the server decides
//	ComputedText  only the server decides
//
// The arguments are a default where the word has one, the description in Markdown, and what must hold of a configured
// value. Words with a default, and those of replaced attributes, finish the description themselves. What holds for
// every attribute (an empty text is refused, names that end in _wo are secrets) is added by the lifecycle.
package attribute

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// Schema is the attributes of a resource or of an object inside one, by name.
type Schema = map[string]schema.Attribute

const replaces = " Changing it replaces the resource."

func defaultsTo(text string) string { return " Default: `" + text + "`." }

// Text may be configured.
func Text(description string, holds ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description, Validators: holds}
}

// RequiredText must be configured.
func RequiredText(description string, holds ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: description, Validators: holds}
}

// ReplacedText must be configured, and another value makes another object.
func ReplacedText(description string, holds ...validator.String) schema.StringAttribute {
	return replaced(RequiredText(description, holds...))
}

// TextOr may be configured, and has a default.
func TextOr(value, description string, holds ...validator.String) schema.StringAttribute {
	a := ServerText(description+defaultsTo(value), holds...)
	a.Default = stringdefault.StaticString(value)
	return a
}

// ReplacedTextOr may be configured, has a default, and another value makes another object.
func ReplacedTextOr(value, description string, holds ...validator.String) schema.StringAttribute {
	return replaced(TextOr(value, description, holds...))
}

// ServerText may be configured, and is the server's otherwise.
func ServerText(description string, holds ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: description, Validators: holds}
}

// ComputedText is the server's.
func ComputedText(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

// ConstantText is a value that this provider writes, and that a plan restores.
func ConstantText(value, description string) schema.StringAttribute {
	return schema.StringAttribute{
		Computed: true, Default: stringdefault.StaticString(value), MarkdownDescription: description,
	}
}

func replaced(a schema.StringAttribute) schema.StringAttribute {
	a.MarkdownDescription += replaces
	a.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return a
}

// Reference may be the sys_id of another record.
func Reference(description string) schema.StringAttribute {
	return Text(description, lifecycle.SysID())
}

// RequiredReference must be the sys_id of another record.
func RequiredReference(description string) schema.StringAttribute {
	return RequiredText(description, lifecycle.SysID())
}

// ReplacedReference must be the sys_id of another record, and another one makes another record.
func ReplacedReference(description string) schema.StringAttribute {
	return replaced(RequiredReference(description))
}

// Secret is a write-only text. The lifecycle makes it one, by its name, which ends in _wo.
func Secret(description string) schema.StringAttribute {
	return schema.StringAttribute{MarkdownDescription: description}
}

// SecretVersion says when a secret is sent again. of names the secret in the description.
func SecretVersion(of string) schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional: true,
		MarkdownDescription: "Change this to send " + of + " again. Without it, the provider notices a changed secret by " +
			"itself. It cannot where an ephemeral value differs at every run: set it for those.",
	}
}

// Application must be the sys_id of an application or the name of its scope. Another application makes another record:
// the lifecycle plans that, since a name and a sys_id may stand for one application.
func Application(description string) schema.StringAttribute {
	return RequiredText(description+replaces, lifecycle.SysIDOrScope())
}
