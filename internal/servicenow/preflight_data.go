package servicenow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewPreflightData looks whether an instance and an account are ready for an integration.
var NewPreflightData = lifecycle.NewReader[preflightData](lifecycle.Reader{
	Type: "preflight",
	Description: "Looks whether the instance and the provider's account are ready for an integration: which tables, " +
		"columns, choices, plugins and roles are missing, and what the account may not read. It only reads " +
		"(`sys_db_object`, `sys_dictionary`, `sys_choice`, `v_plugin`, `sys_user_role`, the account's own roles, one row " +
		"of each table) and never fails: use it in `check` blocks and before a first apply.",
	Attributes: map[string]schema.Attribute{
		"areas": schema.SetAttribute{
			Required: true, ElementType: types.StringType,
			Validators: []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(
				stringvalidator.OneOf(slices.Sorted(maps.Keys(preflightAreas))...))},
			MarkdownDescription: "What the instance is to be used for: `elastic_itsm`, `elastic_secops`, `inbound_api_keys`, " +
				"`event_management`, `security_integration`.",
		},
		"accounts": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "User names of integrations that log in with a password: each that the instance refuses, " +
				"or is going to refuse, because it restricts basic authentication to accounts for web services, is a finding.",
		},
		"ok": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether no finding is an error."},
		"findings": schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: "What was found, errors first.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"area": schema.StringAttribute{Computed: true, MarkdownDescription: "The area concerned."},
				"table": schema.StringAttribute{Computed: true, MarkdownDescription: "The table; empty for plugins and " +
					"applications."},
				"column": schema.StringAttribute{Computed: true, MarkdownDescription: "The column; empty for the table as a " +
					"whole."},
				"severity": schema.StringAttribute{
					Computed: true,
					MarkdownDescription: "`error`: will not work. `warning`: may not work. `unknown`: could not be told; " +
						"before the first write, for example, whether the account may write.",
				},
				"message": schema.StringAttribute{Computed: true, MarkdownDescription: "What is wrong, and what to do about it."},
			}},
		},
	},
})

type preflightData struct {
	Areas    []string           `tfsdk:"areas"`
	Accounts []string           `tfsdk:"accounts"`
	OK       types.Bool         `tfsdk:"ok"`
	Findings []preflightFinding `tfsdk:"findings"`
}

type preflightFinding struct {
	Area     string `tfsdk:"area"`
	Table    string `tfsdk:"table"`
	Column   string `tfsdk:"column"`
	Severity string `tfsdk:"severity"`
	Message  string `tfsdk:"message"`
}

const (
	severityError   = "error"
	severityWarning = "warning"
	severityUnknown = "unknown"
)

// Read looks at every area; what cannot be looked at becomes a finding.
func (m *preflightData) Read(ctx context.Context, c *lifecycle.Servers) error {
	p := &preflight{sn: c.ServiceNow, roles: ownRoles(ctx, c.ServiceNow)}
	for _, name := range slices.Sorted(slices.Values(m.Areas)) {
		p.look(ctx, name, preflightAreas[name])
	}
	p.lookAtAccounts(ctx, m.Accounts)
	order := []string{severityError, severityWarning, severityUnknown}
	slices.SortStableFunc(p.findings, func(a, b preflightFinding) int {
		return cmp.Compare(slices.Index(order, a.Severity), slices.Index(order, b.Severity))
	})
	m.Findings = append([]preflightFinding{}, p.findings...)
	m.OK = types.BoolValue(!slices.ContainsFunc(p.findings, func(f preflightFinding) bool {
		return f.Severity == severityError
	}))
	return nil
}

// basicAuthArea is the area of findings about accounts that log in with a password.
const basicAuthArea = "basic_authentication"

// lookAtAccounts finds the accounts whose basic authentication the instance refuses, or is going to refuse.
func (p *preflight) lookAtAccounts(ctx context.Context, names []string) {
	restriction := p.sn.BasicAuthRestriction(ctx)
	if !restriction.Enforced {
		return
	}
	severity, when := severityError, ""
	if !restriction.Begun(p.sn) {
		severity, when = severityWarning, " from "+restriction.From+" UTC on"
	}
	if len(names) == 0 {
		p.find(basicAuthArea, "sys_properties", "", severityWarning, "The instance refuses basic authentication of accounts "+
			"that people sign in with"+when+". Name the accounts that integrations use in accounts to see which it hits.")
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		switch refused, known := p.sn.RefusesBasicAuth(ctx, restriction, name); {
		case !known:
			p.find(basicAuthArea, "sys_user", "web_service_access_only", severityUnknown, "Whether the instance refuses basic "+
				"authentication of "+name+when+" is not known: there is no such user, or the account may not read it.")
		case refused:
			p.find(basicAuthArea, "sys_user", "web_service_access_only", severity, "The instance refuses basic authentication "+
				"of "+name+when+". Set web_service_access_only on the user, grant it the role snc_basic_auth_api_access, or log "+
				"in with OAuth or an API key.")
		}
	}
}

// ownRoles are the names of the roles that the provider's account holds; nil when that is not known.
func ownRoles(ctx context.Context, sn *servicenowapi.Client) map[string]bool {
	const most = 1000
	rows, err := sn.Table("sys_user_has_role").Query(ctx, "user=javascript:gs.getUserID()", []string{"role.name"}, most)
	if err != nil || len(rows) == 0 {
		return nil
	}
	roles := map[string]bool{}
	for _, row := range rows {
		roles[row.Text("role.name")] = true
	}
	return roles
}

// preflight collects findings about one instance.
type preflight struct {
	sn       *servicenowapi.Client
	roles    map[string]bool
	findings []preflightFinding
}

func (p *preflight) find(area, table, column, severity, message string) {
	p.findings = append(p.findings, preflightFinding{area, table, column, severity, message})
}

func (p *preflight) look(ctx context.Context, name string, area preflightArea) {
	p.lookAtPlugins(ctx, name, area.plugins)
	p.lookAtApplications(ctx, name, area.applications)
	p.lookAtRoles(ctx, name, area.roles)
	ancestry := p.ancestry(ctx, area.tables)
	for _, need := range area.tables {
		p.lookAtTable(ctx, name, need, ancestry[need.table])
	}
}

func (p *preflight) lookAtPlugins(ctx context.Context, area string, plugins []string) {
	for _, id := range plugins {
		_, err := pluginStore{p.sn}.find(ctx, id)
		switch {
		case err == nil:
		case errors.Is(err, record.ErrNotFound):
			p.find(area, "", "", severityError, "The plugin "+id+" is not active. servicenow_plugin activates it.")
		default:
			p.find(area, "", "", severityUnknown, "Whether the plugin "+id+" is active is not known: "+err.Error()+".")
		}
	}
}

func (p *preflight) lookAtApplications(ctx context.Context, area string, scopes []string) {
	for _, scope := range scopes {
		rows, err := p.sn.Table("sys_scope").Find(ctx, record.Match{Values: map[string]string{"scope": scope}}, nil, 1)
		switch {
		case err != nil:
			p.find(area, "sys_scope", "", severityUnknown, "Whether the application "+scope+" is installed is not known: "+
				err.Error()+".")
		case len(rows) == 0:
			p.find(area, "", "", severityError, "The application "+scope+" is not installed, or the account may not see it. "+
				"servicenow_store_application installs it.")
		}
	}
}

func (p *preflight) lookAtRoles(ctx context.Context, area string, names []string) {
	if len(names) == 0 {
		return
	}
	rows, err := p.sn.Table("sys_user_role").Query(ctx, "nameIN"+strings.Join(names, ","), []string{"name"}, len(names))
	if err != nil {
		p.find(area, "sys_user_role", "name", severityUnknown, "Which roles exist is not known: "+err.Error()+".")
		return
	}
	for _, name := range names {
		if !slices.ContainsFunc(rows, func(r record.Record) bool { return r.Text("name") == name }) {
			p.find(area, "sys_user_role", "name", severityError, "The role "+name+" does not exist. It comes with its plugin "+
				"or application.")
		}
	}
}

// ancestry returns the tables that each table extends, itself first: they hold the dictionary and choices of a column.
func (p *preflight) ancestry(ctx context.Context, needs []tableNeed) map[string][]string {
	names := make([]string, len(needs))
	for i, need := range needs {
		names[i] = need.table
	}
	parents := []string{"super_class.name", "super_class.super_class.name", "super_class.super_class.super_class.name"}
	ancestry := map[string][]string{}
	query := "nameIN" + strings.Join(names, ",")
	rows, err := p.sn.Table("sys_db_object").Query(ctx, query, append(parents, "name"), len(names))
	if err == nil {
		for _, row := range rows {
			name := row.Text("name")
			ancestry[name] = []string{name}
			for _, parent := range parents {
				if above := row.Text(parent); above != "" {
					ancestry[name] = append(ancestry[name], above)
				}
			}
		}
	}
	return ancestry
}

func (p *preflight) lookAtTable(ctx context.Context, area string, need tableNeed, ancestry []string) {
	rows, total, err := p.sn.Table(need.table).Peek(ctx)
	switch {
	case rest.HasStatus(err, http.StatusBadRequest), errors.Is(err, record.ErrNotFound):
		p.find(area, need.table, "", severityError, "The table does not exist. It comes with its plugin or application.")
		return
	case rest.HasStatus(err, http.StatusForbidden) && need.readOnly:
		p.find(area, need.table, "", severityWarning, "The account may not read the table: "+err.Error()+".")
	case rest.HasStatus(err, http.StatusForbidden):
		p.find(area, need.table, "", severityError, "The account may not read the table, so Terraform could not see what it "+
			"makes: "+err.Error()+".")
	case err != nil:
		p.find(area, need.table, "", severityError, "The table cannot be read: "+err.Error()+".")
		return
	case len(rows) == 0 && total > 0:
		p.find(area, need.table, "", severityWarning, fmt.Sprintf("The account may query the table, but does not see the "+
			"first of its %d records: an ACL hides some of them, or all.", total))
	}
	p.lookAtColumns(ctx, area, need, ancestry, rows)
	p.lookAtChoices(ctx, area, need, ancestry)
	if need.scoped {
		_, err := p.sn.ReferringColumn(ctx, need.table, "sys_auth_scope", "user")
		if errors.As(err, new(*servicenowapi.NoColumnError)) {
			p.find(area, need.table, "", severityWarning, "The instance's dictionary names no column for auth scopes: leave "+
				"auth_scope_ids out.")
		}
	}
	if need.Roles != nil && !need.Roles.MetBy(p.roles) {
		p.find(area, need.table, "", severityUnknown, "Whether the account may write is not known before the first write: "+
			"as far as it shows, it does not hold "+strings.ReplaceAll(need.Roles.String(), "`", "")+", which would be enough "+
			"on an instance as shipped.")
	}
}

func (p *preflight) lookAtColumns(
	ctx context.Context, area string, need tableNeed, ancestry []string, rows []record.Record,
) {
	known := map[string]bool{}
	if len(ancestry) > 0 {
		query := "nameIN" + strings.Join(ancestry, ",") + "^elementISNOTEMPTY"
		columns := []string{"name", "element"}
		_, err := p.sn.Table("sys_dictionary").Each(ctx, query, columns, 0, func(row record.Record) error {
			if slices.Contains(ancestry, row.Text("name")) {
				known[row.Text("element")] = true
			}
			return nil
		})
		if err != nil {
			clear(known)
		}
	}
	if len(known) == 0 { // without the dictionary, a row shows them
		for _, row := range rows {
			for column := range row.Values {
				known[column] = true
			}
		}
	}
	if len(known) == 0 {
		p.find(area, need.table, "", severityUnknown, "Which columns the table has is not known: the account may not read "+
			"sys_db_object and sys_dictionary, and sees no record.")
		return
	}
	for _, column := range need.columns {
		release, isNewer := need.Newer[column]
		switch {
		case known[column]:
		case isNewer:
			since := ""
			if release != lifecycle.SomeInstances {
				since = " It came with " + release + "."
			}
			p.find(area, need.table, column, severityWarning, "The instance does not have this column, or the account may not "+
				"read it: leave the attribute that writes it out."+since)
		default:
			p.find(area, need.table, column, severityError, "The column does not exist, or the account may not read it.")
		}
	}
}

func (p *preflight) lookAtChoices(ctx context.Context, area string, need tableNeed, ancestry []string) {
	if len(need.Choices) == 0 || len(ancestry) == 0 {
		return
	}
	listed := map[string][]string{}
	chosen := slices.Sorted(maps.Keys(need.Choices))
	query := "nameIN" + strings.Join(ancestry, ",") + "^elementIN" + strings.Join(chosen, ",")
	columns := []string{"name", "element", "value"}
	_, err := p.sn.Table("sys_choice").Each(ctx, query, columns, 0, func(row record.Record) error {
		if slices.Contains(ancestry, row.Text("name")) {
			element := row.Text("element")
			listed[element] = append(listed[element], row.Text("value"))
		}
		return nil
	})
	if err != nil {
		p.find(area, need.table, "", severityUnknown, "Which choices the instance lists is not known: "+err.Error()+".")
		return
	}
	for _, column := range chosen {
		for _, value := range need.Choices[column] {
			if values := listed[column]; len(values) > 0 && !slices.Contains(values, value) {
				slices.Sort(values)
				p.find(area, need.table, column, severityWarning, fmt.Sprintf("The provider writes %q by default or on your "+
					"behalf, and the instance lists %s.", value, strings.Join(slices.Compact(values), ", ")))
			}
		}
	}
}
