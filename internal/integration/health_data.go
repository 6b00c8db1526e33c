// Package integration holds what looks at both servers of an integration at once.
package integration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenow"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewHealthData asks every link of an integration by OAuth JWT whether it holds.
var NewHealthData = lifecycle.NewReader[healthData](lifecycle.Reader{
	Type:   "integration_health",
	Server: lifecycle.ServiceNow,
	Description: "Asks every link of an integration by OAuth JWT whether it holds: the endpoint, its scope " +
		"restriction, its verifier map, the certificate's dates, and, with `connector_id`, the user, its roles and " +
		"Kibana's own probe of the whole chain. It shows what no plan can: a user that is locked out, a secret that was " +
		"changed on the server, a certificate about to expire. It only reads, and a link that does not hold is a finding " +
		"and not an error, so that it never blocks the plan that repairs it.",
	Attributes: map[string]schema.Attribute{
		"connector_id": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "A ServiceNow connector of Kibana, whose endpoint is found by its client id. Exactly one of " +
				"this and `oauth_jwt_endpoint_id`.",
		},
		"oauth_jwt_endpoint_id": schema.StringAttribute{
			Optional: true, MarkdownDescription: "The `sys_id` of a `servicenow_oauth_jwt_endpoint`.",
			Validators: []validator.String{lifecycle.SysID()},
		},
		"space_id": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The connector's Kibana space. Default: the provider's.",
		},
		"ok": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether every link holds."},
		"findings": schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: "One for each link, in the order in which a login passes them.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"check": schema.StringAttribute{
					Computed: true,
					MarkdownDescription: "The link: `endpoint`, `scope_restriction`, `verifier_map`, `certificate`, `user`, " +
						"`roles`, `connector`.",
				},
				"ok":      schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it holds."},
				"message": schema.StringAttribute{Computed: true, MarkdownDescription: "What is wrong; empty when it holds."},
			}},
		},
	},
})

type healthData struct {
	ConnectorID        types.String `tfsdk:"connector_id"`
	OAuthJWTEndpointID types.String `tfsdk:"oauth_jwt_endpoint_id"`
	SpaceID            types.String `tfsdk:"space_id"`
	OK                 types.Bool   `tfsdk:"ok"`
	Findings           []finding    `tfsdk:"findings"`
}

type finding struct {
	Check   string `tfsdk:"check"`
	OK      bool   `tfsdk:"ok"`
	Message string `tfsdk:"message"`
}

// health looks at one integration.
type health struct {
	sn       *servicenowapi.Client
	findings []finding
}

// find notes a link; an empty message means that it holds.
func (h *health) find(check, message string) {
	h.findings = append(h.findings, finding{check, message == "", message})
}

// chain is what is known of the login that an integration makes.
type chain struct {
	endpoint record.Record
	keyID    string // empty: any
	user     string // the user identifier; empty: not known
	app      string // itsm or secops; empty: not known
}

func (m *healthData) Read(ctx context.Context, c *lifecycle.Servers) error {
	if m.ConnectorID.IsNull() == m.OAuthJWTEndpointID.IsNull() {
		return errors.New("exactly one of connector_id and oauth_jwt_endpoint_id must be set")
	}
	h := &health{sn: c.ServiceNow}
	var err error
	if m.ConnectorID.IsNull() {
		err = h.lookAtEndpoint(ctx, m.OAuthJWTEndpointID.ValueString())
	} else {
		err = h.lookAtConnector(ctx, c, &m.SpaceID, m.ConnectorID.ValueString())
	}
	m.Findings = append([]finding{}, h.findings...)
	m.OK = types.BoolValue(!slices.ContainsFunc(h.findings, func(f finding) bool { return !f.OK }))
	return err
}

var endpointColumns = []string{"name", "client_id", "active", "user_field", "scope_restriction_status"}

func (h *health) lookAtEndpoint(ctx context.Context, id string) error {
	endpoint, err := h.sn.Table("oauth_jwt").Read(ctx, record.Record{ID: id}, endpointColumns)
	if errors.Is(err, record.ErrNotFound) {
		h.find("endpoint", "There is no OAuth JWT endpoint "+id+".")
		return nil
	}
	if err != nil {
		return err
	}
	h.lookAtLogin(ctx, chain{endpoint: endpoint.Record})
	return nil
}

// apps are the Elastic applications that the connector types need.
var apps = map[string]string{".servicenow": "itsm", ".servicenow-sir": "secops"}

func (h *health) lookAtConnector(ctx context.Context, c *lifecycle.Servers, space *types.String, id string) error {
	if c.Kibana == nil {
		return errors.New("connector_id needs the Kibana side: set kibana = { url = …, … } in the provider block")
	}
	if space.ValueString() == "" {
		*space = types.StringValue(c.Kibana.Space)
	}
	connector, err := c.Kibana.Get(ctx, space.ValueString(), id)
	if err != nil {
		return err
	}
	text := func(key string) string { return record.Text(connector.Config[key]) }
	if connector.Config["isOAuth"] == true {
		match := record.Match{Values: map[string]string{"client_id": text("clientId")}}
		rows, err := h.sn.Table("oauth_jwt").Find(ctx, match, endpointColumns, 2)
		switch {
		case err != nil:
			h.find("endpoint", "The endpoint could not be looked up: "+err.Error()+".")
		case len(rows) != 1:
			h.find("endpoint", fmt.Sprintf("%d OAuth JWT endpoints of the instance have the client id of the connector, or the "+
				"account may not read them.", len(rows)))
		default:
			h.lookAtLogin(ctx, chain{
				endpoint: rows[0], keyID: text("jwtKeyId"), user: text("userIdentifierValue"), app: apps[connector.TypeID],
			})
		}
	}
	run, err := kibana.ProbeConnector(ctx, c, space.ValueString(), connector)
	switch {
	case err != nil:
		h.find("connector", err.Error()+".")
	case run.Status != "ok":
		h.find("connector", strings.TrimSpace(run.Message+" "+run.ServiceMessage))
	default:
		h.find("connector", "")
	}
	return nil
}

// lookAtLogin asks the links of a login by JWT, from the endpoint to the user's roles.
func (h *health) lookAtLogin(ctx context.Context, c chain) {
	name := c.endpoint.Text("name")
	h.find("endpoint", unless(c.endpoint.Text("active") == "true", "The endpoint %q is not active.", name))
	status := c.endpoint.Text("scope_restriction_status")
	h.find("scope_restriction", unless(status != "restricted" || h.hasScopes(ctx, c.endpoint.ID), "The endpoint is "+
		"securely scoped and has no auth scope, so its tokens open no API. Set scope_restriction = \"unrestricted\"."))
	h.lookAtMaps(ctx, c)
	if c.user != "" {
		h.lookAtUser(ctx, c)
	}
}

func unless(holds bool, format string, arguments ...any) string {
	if holds {
		return ""
	}
	return fmt.Sprintf(format, arguments...)
}

func (h *health) hasScopes(ctx context.Context, endpoint string) bool {
	match := record.Match{Values: map[string]string{"oauth_entity": endpoint}}
	rows, err := h.sn.Table("oauth_entity_auth_scope_mapping").Find(ctx, match, nil, 1)
	return err == nil && len(rows) > 0
}

// lookAtMaps asks for the verifier map of the key, and for its certificate.
func (h *health) lookAtMaps(ctx context.Context, c chain) {
	const most = 100
	match := record.Match{Values: map[string]string{"oauth_jwt": c.endpoint.ID}}
	maps, err := h.sn.Table("jwt_verifier_map").Find(ctx, match, []string{"name", "kid", "sys_certificate"}, most)
	if err != nil {
		h.find("verifier_map", "The verifier maps could not be read: "+err.Error()+".")
		return
	}
	maps = slices.DeleteFunc(maps, func(r record.Record) bool { return c.keyID != "" && r.Text("kid") != c.keyID })
	h.find("verifier_map", unless(len(maps) > 0, "The endpoint has no verifier map%s.",
		unless(c.keyID == "", " for the key id %s", c.keyID)))
	for _, verifier := range maps {
		h.find("certificate", h.certificate(ctx, verifier))
	}
}

// certificate reports what is wrong with the certificate of a verifier map.
func (h *health) certificate(ctx context.Context, verifier record.Record) string {
	id := verifier.Text("sys_certificate")
	got, err := h.sn.Table("sys_certificate").Read(ctx, record.Record{ID: id},
		[]string{"name", "active", "valid_from", "expires"})
	name := got.Text("name")
	now := time.Now().UTC()
	moment := func(column string) time.Time {
		at, _ := time.Parse(record.TimeLayout, got.Text(column)) // the zero time where there is none
		return at
	}
	const soon = 14 * 24 * time.Hour
	switch expires := moment("expires"); {
	case err != nil:
		return fmt.Sprintf("The certificate of the verifier map %q cannot be read: %s.", verifier.Text("name"), err)
	case got.Text("active") != "true":
		return fmt.Sprintf("The certificate %q is not active.", name)
	case now.Before(moment("valid_from")):
		return fmt.Sprintf("The certificate %q is not valid before %s UTC.", name, got.Text("valid_from"))
	case !expires.IsZero() && now.After(expires):
		return fmt.Sprintf("The certificate %q expired at %s UTC.", name, got.Text("expires"))
	case !expires.IsZero() && now.Add(soon).After(expires):
		return fmt.Sprintf("The certificate %q expires soon, at %s UTC.", name, got.Text("expires"))
	}
	return ""
}

func (h *health) lookAtUser(ctx context.Context, c chain) {
	column := c.endpoint.Text("user_field")
	match := record.Match{Values: map[string]string{column: c.user}}
	users, err := h.sn.Table("sys_user").Find(ctx, match, []string{"user_name", "active", "locked_out"}, 2)
	switch {
	case err != nil:
		h.find("user", "The user could not be looked up: "+err.Error()+".")
		return
	case len(users) != 1:
		h.find("user", fmt.Sprintf("%d users have %s = %q, or the account may not see them (accounts without admin do "+
			"not see inactive users).", len(users), column, c.user))
		return
	}
	user := users[0]
	switch {
	case user.Text("active") != "true":
		h.find("user", fmt.Sprintf("The user %s is not active.", user.Text("user_name")))
	case user.Text("locked_out") == "true":
		h.find("user", fmt.Sprintf("The user %s is locked out.", user.Text("user_name")))
	default:
		h.find("user", "")
	}
	if c.app != "" {
		h.lookAtRoles(ctx, user, c.app)
	}
}

// lookAtRoles asks for the roles that Elastic's application demands of its integration user.
func (h *health) lookAtRoles(ctx context.Context, user record.Record, app string) {
	const most = 1000
	match := record.Match{Values: map[string]string{"user": user.ID}}
	rows, err := h.sn.Table("sys_user_has_role").Find(ctx, match, []string{"role.name"}, most)
	if err != nil {
		h.find("roles", "The user's roles could not be read: "+err.Error()+".")
		return
	}
	missing := slices.DeleteFunc(servicenow.ElasticRoles(app), func(role string) bool {
		return slices.ContainsFunc(rows, func(r record.Record) bool { return r.Text("role.name") == role })
	})
	h.find("roles", unless(len(missing) == 0, "The user %s lacks the roles %s.", user.Text("user_name"),
		strings.Join(missing, ", ")))
}
