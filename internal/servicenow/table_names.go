package servicenow

import (
	"regexp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
)

const snakeCase = `^[a-z0-9_]+$`

var (
	tableName     = attribute.Matching(snakeCase, "must be a table's name: lowercase letters, digits and _")
	columnPattern = regexp.MustCompile(snakeCase)
	columnName    = attribute.Matching(snakeCase, "must be a column's name: lowercase letters, digits and _")
)
