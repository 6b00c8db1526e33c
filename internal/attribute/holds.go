package attribute

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// OneOf holds that a text is one of these.
func OneOf(values ...string) validator.String { return stringvalidator.OneOf(values...) }

// AtMost holds that a text has at most so many bytes.
func AtMost(length int) validator.String { return stringvalidator.LengthAtMost(length) }

// Matching holds that a text matches a pattern; message completes "Attribute x ".
func Matching(pattern, message string) validator.String {
	return stringvalidator.RegexMatches(regexp.MustCompile(pattern), message)
}

// ExactlyOneOf holds that exactly one of these attributes at the root of the resource is set.
func ExactlyOneOf(names ...string) validator.String {
	paths := make([]path.Expression, len(names))
	for i, name := range names {
		paths[i] = path.MatchRoot(name)
	}
	return stringvalidator.ExactlyOneOf(paths...)
}

// AtLeast holds that a number is no less than this.
func AtLeast(least int64) validator.Int64 { return int64validator.AtLeast(least) }
