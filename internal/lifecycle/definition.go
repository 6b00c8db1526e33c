// Package lifecycle runs the one lifecycle that every resource of this provider shares: plan, create, read, update,
// delete, import, and every diagnostic on the way. A resource consists of a Definition, a model and its bound fields; a
// record.Store does the talking. Values flow model -> record -> HTTP and back the same way.
package lifecycle

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Definition is all that distinguishes one resource from another, besides its model.
type Definition struct {
	// Type is the resource's name without the provider's, such as "cors_rule".
	Type string
	// Description opens the documentation page, in Markdown. What the resource needs is added to it.
	Description string
	// Server is the side that the resource lives on.
	Server Server
	// Table is the ServiceNow table, or the Kibana connector type, for messages.
	Table string
	// Needs is what the resource demands of the server and of the account.
	Needs Needs
	// Key names the attributes of the natural key, in the order in which an import id states them.
	Key []string
	// Attributes of the schema; the ones that come with the model's mixins are added.
	Attributes map[string]schema.Attribute
	// Store talks to the server. It defaults to the rows of Table.
	Store func(*Servers) record.Store
	// Timeout bounds each operation that the timeouts attribute does not; 20 minutes when it is zero.
	Timeout time.Duration
	// TableAttribute names the attribute that says in which table a record is, where Table does not. It leads the import
	// id and the identity: `<table>/<id>`, and after another slash the columns to read, separated by commas.
	TableAttribute string
	// IdentityAttribute names the attribute that holds the id of something in Kibana, for the identity; "connector_id"
	// when empty.
	IdentityAttribute string
	// Display is what a list calls a record: a text with columns in braces, of references too, such as
	// "{user.user_name} · role {role.name}". By default the column of the last attribute of Key.
	Display string
	// LeftOut is what lists leave out unless they are asked for it.
	LeftOut LeftOut
	// Listed makes a list for what is no row of a table and has no natural key: its Store is a record.Lister on
	// ServiceNow, and a record.Finder of all that one space holds in Kibana.
	Listed bool
	// ListedBy names the attribute by which a list of this resource can be narrowed down, and whose values in
	// ListedElsewhere have resources, and lists, of their own: without a filter the list leaves those out.
	ListedBy        string
	ListedElsewhere []string
	// Adoption says when servicenow-adopt takes a record over.
	Adoption Adoption
	// BelongsTo names the attributes of Key that bring an AdoptBelonging record along; all of them when empty.
	BelongsTo []string
	// Floating names attributes that an adopted configuration leaves to the server, since they move by themselves.
	Floating []string
	// NamedBy says which attributes of other resources name a record without its id, by attribute: "user_identifier" holds
	// the value of one of these attributes.
	NamedBy map[string][]string
	// MovedFrom is another provider's resource for the same object; nil when there is none.
	MovedFrom *MovedFrom
	// MayBeEmpty names the collections for which [] means something else than null.
	MayBeEmpty []string
}

// Adoption says when servicenow-adopt takes a record over.
type Adoption int

// The reasons to adopt a record.
const (
	// AdoptAlways is for what makes up an integration.
	AdoptAlways Adoption = iota
	// AdoptReferred is for records that an instance has many of: adopted where an adopted one refers to them.
	AdoptReferred
	// AdoptShared is for those of them that many unrelated records refer to, which are no integration for that.
	AdoptShared
	// AdoptBelonging is for rows that join two records: adopted with a record that their key refers to.
	AdoptBelonging
	// AdoptAsked is for what an instance has hundreds of and nothing refers to: adopted on demand only.
	AdoptAsked
)

// LeftOut is a kind of records that lists leave out.
type LeftOut struct {
	// Query is the encoded query that the others match.
	Query string
	// Attribute of the list asks for them all; empty where they cannot be managed at all. Description then says why.
	Attribute, Description string
}

// Model is a pointer to a Terraform model that lists its bound fields.
type Model[T any] interface {
	*T
	base() *Base
	Fields() []field.Field
}

// Checker is a model with rules that configuration alone decides. Check must take unknown values for possibly right.
type Checker interface {
	Check(ctx context.Context, report *Report)
}

// Planner is a model with rules that only the server can decide before a write, such as whether a name exists there.
// Plan is called on the planned model, with the columns of its write-only maps, where a record is created or changed.
// It must take unknown values for possibly right; that an account may not look proves no fault.
type Planner interface {
	Plan(ctx context.Context, c *Servers, secrets []string, report *Report)
}

// ChangePlanner is a model that works out attributes which the server sets, or that looks at what changes. PlanChange
// is called on the planned model in every plan but a destroy's, after all values that stay have been filled in.
type ChangePlanner interface {
	PlanChange(ctx context.Context, c *Servers, change Change, report *Report)
}

// Change is what a plan is about, besides the planned model.
type Change struct {
	// Before is the model of the state, of the planned model's type; nil for a create.
	Before any
	// Config is the model of the configuration, with its secrets.
	Config any
	// Writes says that the plan writes, as far as the lifecycle sees.
	Writes bool
	// Remembered is the record's; see record.Record.
	Remembered map[string]string
}

// DestroyPlanner is a model that warns of what a destroy takes along. PlanDestroy is called on the model of the state.
type DestroyPlanner interface {
	PlanDestroy(report *Report)
}

// Resender is a model that knows from what was read that the server has lost its secrets.
type Resender interface {
	MissesSecrets() bool
}

// Base is embedded in every model.
type Base struct {
	ID       types.String   `tfsdk:"id"`
	Timeouts timeouts.Value `tfsdk:"timeouts"`
}

func (b *Base) base() *Base { return b }

// Space is embedded in models of what lives in a Kibana space.
type Space struct {
	SpaceID types.String `tfsdk:"space_id"`
}

func (s *Space) spaceID() *types.String { return &s.SpaceID }

type inSpace interface{ spaceID() *types.String }

// Scope is embedded in models of tables whose records live in an application scope.
type Scope struct {
	ScopeID types.String `tfsdk:"scope_id"`
}

func (s *Scope) scopeID() *types.String { return &s.ScopeID }

type inScope interface{ scopeID() *types.String }

// AdditionalColumns is embedded in models of ServiceNow tables.
type AdditionalColumns struct {
	AdditionalColumns types.Map `tfsdk:"additional_columns"`
}

func (a *AdditionalColumns) additionalColumns() *types.Map { return &a.AdditionalColumns }

type withColumns interface{ additionalColumns() *types.Map }

// Secrets is embedded in models that have write-only attributes.
type Secrets struct {
	SecretsUpdatedAt types.String `tfsdk:"secrets_updated_at"`
}

func (s *Secrets) secretsUpdatedAt() *types.String { return &s.SecretsUpdatedAt }

type withSecrets interface{ secretsUpdatedAt() *types.String }

// Adopted is embedded in models of what a create may take over instead of making it.
type Adopted struct {
	Adopted types.Bool `tfsdk:"adopted"`
}

func (a *Adopted) adopted() *types.Bool { return &a.Adopted }

type adoptable interface{ adopted() *types.Bool }

// New makes a constructor for the provider's list of resources.
func New[T any, M Model[T]](d Definition) func() resource.Resource {
	if d.IdentityAttribute == "" {
		d.IdentityAttribute = "connector_id"
	}
	if d.Timeout == 0 {
		d.Timeout = defaultTimeout
	}
	if d.Store == nil {
		table := d.Table
		d.Store = func(c *Servers) record.Store { return c.ServiceNow.Table(table) }
	}
	return func() resource.Resource { return &lifecycle[T, M]{Definition: d} }
}

// lifecycle is the resource.Resource that all definitions become.
type lifecycle[T any, M Model[T]] struct {
	Definition
	connection *Connection
}

var _ interface {
	resource.ResourceWithConfigure
	resource.ResourceWithImportState
	resource.ResourceWithModifyPlan
	resource.ResourceWithValidateConfig
	resource.ResourceWithIdentity
	resource.ResourceWithUpgradeState
	resource.ResourceWithMoveState
} = (*lifecycle[noModel, *noModel])(nil)

// noModel is the least a model can be.
type noModel struct{ Base }

func (*noModel) Fields() []field.Field { return nil }

func (r *lifecycle[T, M]) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.Type
}

func (r *lifecycle[T, M]) Configure(
	_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse,
) {
	r.connection = connectionOf(req.ProviderData, &resp.Diagnostics)
}

// fieldsOf lists the model's fields and those of its mixins.
func fieldsOf[T any, M Model[T]](m M) []field.Field {
	fields := m.Fields()
	if s, ok := any(m).(inScope); ok {
		fields = append(fields, field.Scope(s.scopeID()))
	}
	if p, ok := any(m).(inSpace); ok {
		fields = append(fields, field.Space(p.spaceID()))
	}
	if e, ok := any(m).(withColumns); ok {
		fields = append(fields, field.FurtherColumns(e.additionalColumns()))
	}
	return fields
}

// leavesOf lists the model's fields with their places in the schema, nested ones included.
func leavesOf[T any, M Model[T]](m M) []field.Leaf { return field.Leaves(m, fieldsOf[T](m)) }

// encode turns a model into a write without secrets.
func (r *lifecycle[T, M]) encode(m M) record.Write {
	want := record.Write{Record: record.Record{Values: map[string]any{}}}
	for _, f := range fieldsOf[T](m) {
		f.Encode(&want)
		want.Columns = append(want.Columns, f.Columns()...)
	}
	if id := m.base().ID; !id.IsUnknown() && !id.IsNull() {
		want.ID = id.ValueString()
	}
	want.Key = r.keyColumns(m)
	return want
}

// decode sets a model from what the server answered. Fields for which keep returns true stay as they are, and so does
// one that cannot be read: the rest is set all the same, so that a record is never lost over one strange value.
func decode[T any, M Model[T]](m M, rec record.Record, keep func(field.Field) bool) error {
	if rec.ID != "" {
		m.base().ID = types.StringValue(rec.ID)
	}
	var errs []error
	for _, f := range fieldsOf[T](m) {
		if keep != nil && keep(f) {
			continue
		}
		if err := f.Decode(rec); err != nil {
			errs = append(errs, err, f.Decode(record.Record{})) // which leaves nothing unknown
		}
	}
	return errors.Join(errs...)
}

// keyColumns are the columns of the natural key.
func (r *lifecycle[T, M]) keyColumns(m M) []string {
	columns := make([]string, 0, len(r.Key))
	for _, attribute := range r.Key {
		for _, leaf := range leavesOf[T](m) {
			if leaf.Path.Equal(path.Root(attribute)) {
				columns = append(columns, leaf.Columns()[0])
			}
		}
	}
	return columns
}
