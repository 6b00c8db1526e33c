package lifecycle

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
)

// schemaVersion is the version of every resource's schema. Raise it when a state from before cannot be read by today's
// schema, and carry that state over in UpgradeState.
const schemaVersion = 1

// SpaceID takes only what can be the id of a Kibana space, since it becomes part of a path.
func SpaceID() validator.String {
	return stringvalidator.RegexMatches(kibanaapi.SpaceID, kibanaapi.NoSpaceID)
}

// Schema completes a definition's attributes with those of the model's mixins and with the conventions that hold for
// every attribute.
func (r *lifecycle[T, M]) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := maps.Clone(r.Attributes)
	if attributes == nil {
		attributes = map[string]schema.Attribute{}
	}
	id := "The record's `sys_id`, 32 hex digits."
	if r.Server == Kibana {
		id = "The same as `" + r.IdentityAttribute + "`, unique in its space."
	}
	attributes["id"] = schema.StringAttribute{Computed: true, MarkdownDescription: id}
	timeoutDescription := "How long it may take, such as `30s` or `2h45m`. Default: `" + minutes(r.Timeout) + "`."
	attributes["timeouts"] = timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: timeoutDescription, ReadDescription: timeoutDescription,
		UpdateDescription: timeoutDescription, DeleteDescription: timeoutDescription,
	})
	attributes["timeouts"] = withinTime(attributes["timeouts"])
	m := any(M(new(T)))
	if _, ok := m.(inScope); ok {
		attributes["scope_id"] = schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The application scope that the record lives in: a `sys_id`, or `global`. Default: the " +
				"scope that the instance chooses for the account. Changing it replaces the record.",
			Validators:    []validator.String{SysIDOr("global")},
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIfConfigured()},
		}
	}
	if _, ok := m.(inSpace); ok {
		attributes["space_id"] = schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The Kibana space. Default: the provider's `kibana.space_id`, else `default`. Changing it " +
				"replaces the object.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIfConfigured()},
			Validators:    []validator.String{SpaceID()},
		}
	}
	if _, ok := m.(withColumns); ok {
		attributes["additional_columns"] = schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			Validators: []validator.Map{mapvalidator.KeysAre(stringvalidator.RegexMatches(columnName,
				"must be a column's name: lowercase letters, digits and _"))},
			MarkdownDescription: "Further columns of the table, by column name: custom `u_…` columns, ones that a data " +
				"policy demands, ones that this resource has no attribute for. They are owned, compared and cleared like " +
				"any attribute. Values are as stored: `true`, `3`, a `sys_id`.",
		}
	}
	if _, ok := m.(withSecrets); ok {
		attributes["secrets_updated_at"] = schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "When the secrets were last sent, RFC 3339. A plan that is going to send them shows this " +
				"value as unknown.",
		}
	}
	if len(r.Needs.Newer) > 0 {
		r.Needs.describeNewer(attributes, leavesOf[T](M(new(T))))
	}
	for name, a := range attributes {
		set, isSet := a.(schema.SetAttribute)
		switch {
		case !slices.Contains(r.MayBeEmpty, name):
			attributes[name] = conventional(name, a)
		case isSet:
			set.Validators = append([]validator.Set{wholeElements{}}, set.Validators...)
			attributes[name] = set
		}
	}
	resp.Schema = schema.Schema{
		Version: schemaVersion, MarkdownDescription: r.Description + r.Needs.sentence(), Attributes: attributes,
	}
}

func minutes(d time.Duration) string { return strconv.Itoa(int(d.Minutes())) + "m" }

// conventional applies what holds for every attribute: the server's "" and null are one thing, so "" and [] cannot be
// configured; names that end in _wo are secrets, and their versions are whole numbers.
func conventional(name string, a schema.Attribute) schema.Attribute {
	switch a := a.(type) {
	case schema.StringAttribute:
		if strings.HasSuffix(name, "_wo") {
			a.Optional, a.WriteOnly, a.Sensitive = true, true, true
			a.MarkdownDescription += " Write-only: never stored, and never shown."
		}
		if a.Required || a.Optional {
			a.Validators = append([]validator.String{notEmpty{}}, a.Validators...)
		}
		return a
	case schema.SetAttribute:
		a.Validators = append([]validator.Set{notEmpty{}}, a.Validators...)
		return a
	case schema.ListAttribute:
		a.Validators = append([]validator.List{notEmpty{}}, a.Validators...)
		return a
	case schema.MapAttribute:
		a.Validators = append([]validator.Map{notEmpty{}}, a.Validators...)
		if strings.HasSuffix(name, "_wo") {
			a.Validators = append(a.Validators, mapvalidator.ValueStringsAre(notEmpty{}))
			a.Optional, a.WriteOnly, a.Sensitive = true, true, true
			a.MarkdownDescription += " Write-only: never stored, and never shown."
		}
		return a
	case schema.SingleNestedAttribute:
		a.Attributes = conventionalAll(a.Attributes)
		return a
	case schema.ListNestedAttribute:
		a.Validators = append([]validator.List{notEmpty{}}, a.Validators...)
		a.NestedObject.Attributes = conventionalAll(a.NestedObject.Attributes)
		return a
	}
	return a
}

func conventionalAll(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	all := map[string]schema.Attribute{}
	for name, a := range attributes {
		all[name] = conventional(name, a)
	}
	return all
}
