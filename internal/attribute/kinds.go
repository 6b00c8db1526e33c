package attribute

import (
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// Flag may be configured.
func Flag(description string) schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, MarkdownDescription: description}
}

// FlagOr may be configured, and has a default.
func FlagOr(value bool, description string) schema.BoolAttribute {
	a := ServerFlag(description + defaultsTo(strconv.FormatBool(value)))
	a.Default = booldefault.StaticBool(value)
	return a
}

// Active is the flag that nearly every record has, true by default.
func Active(description string) schema.BoolAttribute { return FlagOr(true, description) }

// ServerFlag may be configured, and is the server's otherwise.
func ServerFlag(description string) schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, Computed: true, MarkdownDescription: description}
}

// ComputedFlag is the server's.
func ComputedFlag(description string) schema.BoolAttribute {
	return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
}

// Adopted is the attribute of the mixin lifecycle.Adopted. released says what a destroy does to an adopted record.
func Adopted(released string) schema.BoolAttribute {
	return ComputedFlag("Whether the create took an existing record over. Destroying such a record " + released +
		" and leaves it in place; one that was created is deleted. After an import: `false`.")
}

// IntOr may be configured, and has a default.
func IntOr(value int64, description string, holds ...validator.Int64) schema.Int64Attribute {
	a := ServerInt(description+defaultsTo(strconv.FormatInt(value, 10)), holds...)
	a.Default = int64default.StaticInt64(value)
	return a
}

// ServerInt may be configured, and is the server's otherwise.
func ServerInt(description string, holds ...validator.Int64) schema.Int64Attribute {
	return schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: description, Validators: holds}
}

// Time may be configured, as RFC 3339.
func Time(description string) schema.StringAttribute {
	a := Text(description)
	a.CustomType = timetypes.RFC3339Type{}
	return a
}

// ComputedTime is the server's, as RFC 3339.
func ComputedTime(description string) schema.StringAttribute {
	a := ComputedText(description)
	a.CustomType = timetypes.RFC3339Type{}
	return a
}
