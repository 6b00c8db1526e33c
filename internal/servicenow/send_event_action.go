package servicenow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework-validators/objectvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewSendEvent sends an event to Event Management, as an outside sender would.
var NewSendEvent = lifecycle.NewAction[sendEvent](lifecycle.Action{
	Type: "send_event",
	Description: "Sends one event to a push connector of Event Management (`/api/sn_em_connector/em/inbound_event`), to " +
		"prove that the way is open for a sender and its credentials. When the answer is lost it is not sent again, since " +
		"that could make a second event.",
	WriteOnly: []string{"api_key", "bearer_token", "basic_auth.password"},
	Attributes: map[string]schema.Attribute{
		"source": schema.StringAttribute{
			Required: true, MarkdownDescription: "`source` of the `servicenow_event_connector`.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"instance_id": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "`id` of a `servicenow_event_connector_instance`. Default: none.",
			Validators:          []validator.String{lifecycle.SysID()},
		},
		"event": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "The event in the sender's own words, as a JSON object or list; use `jsonencode`. The " +
				"connector's script turns it into an event.",
		},
		"api_key": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "The sender's REST API key, sent in the header `x-sn-apikey`. At most one of `api_key`, " +
				"`basic_auth` and `bearer_token`. Default: the provider's own credentials. The progress shows which were used: " +
				leavesOut + ".",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1), stringvalidator.ConflictsWith(
				path.MatchRoot("basic_auth"), path.MatchRoot("bearer_token"),
			)},
		},
		"bearer_token": schema.StringAttribute{
			Optional: true, MarkdownDescription: "The sender's OAuth token.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"basic_auth": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "The sender's user name and password.",
			Validators: []validator.Object{objectvalidator.ConflictsWith(path.MatchRoot("bearer_token"))},
			Attributes: map[string]schema.Attribute{
				"username": schema.StringAttribute{Required: true, MarkdownDescription: "The user's name."},
				"password": schema.StringAttribute{Required: true, MarkdownDescription: "The user's password."},
			},
		},
	},
})

// leavesOut warns of what Terraform's sources do since 1.14: -invoke hands the planned values over, and a plan holds no
// ephemeral ones.
const leavesOut = "some releases of Terraform leave ephemeral values out when an action runs by `-invoke`; run it by " +
	"an `action_trigger` there"

type sendEvent struct {
	Source      types.String `tfsdk:"source"`
	InstanceID  types.String `tfsdk:"instance_id"`
	Event       types.String `tfsdk:"event"`
	APIKey      types.String `tfsdk:"api_key"`
	BearerToken types.String `tfsdk:"bearer_token"`
	BasicAuth   types.Object `tfsdk:"basic_auth"`
}

// payload reads the event, which must be an object or a list.
func (m *sendEvent) payload() (any, error) {
	var payload any
	if err := json.Unmarshal([]byte(m.Event.ValueString()), &payload); err != nil {
		return nil, fmt.Errorf("event is not valid JSON: %w", err)
	}
	switch payload.(type) {
	case map[string]any, []any:
		return payload, nil
	}
	return nil, fmt.Errorf("event must be a JSON object or list")
}

func (m *sendEvent) Check(_ context.Context, report *lifecycle.Report) {
	if m.Event.IsNull() || m.Event.IsUnknown() {
		return
	}
	if _, err := m.payload(); err != nil {
		report.Error(&m.Event, "No event", err.Error()+".")
	}
}

func (m *sendEvent) Invoke(ctx context.Context, c *lifecycle.Servers, progress func(string)) error {
	payload, err := m.payload()
	if err != nil {
		return err
	}
	var auth rest.Auth
	own := ""
	switch {
	case m.APIKey.ValueString() != "":
		own = "api_key"
		auth = rest.APIKey{Key: m.APIKey.ValueString()}
	case m.BearerToken.ValueString() != "":
		own = "bearer_token"
		auth = rest.BearerToken{Token: m.BearerToken.ValueString()}
	case !m.BasicAuth.IsNull():
		own = "basic_auth"
		username, _ := m.BasicAuth.Attributes()["username"].(types.String)
		password, _ := m.BasicAuth.Attributes()["password"].(types.String)
		if password.ValueString() == "" {
			return errors.New("no basic_auth.password was handed over by Terraform: " + leavesOut)
		}
		auth = rest.BasicAuth{Username: username.ValueString(), Password: password.ValueString()}
	}
	// Said, since Terraform may have left the sender's own out: the event would prove nothing about them.
	with := "the provider's own credentials"
	if own != "" {
		with = "the " + own + " of this action"
	}
	progress("Sending an event of " + m.Source.ValueString() + " with " + with)
	answer, err := c.ServiceNow.SendEvent(ctx, auth, servicenowapi.Event{
		Source: m.Source.ValueString(), InstanceID: m.InstanceID.ValueString(), Payload: payload,
	})
	var refused *rest.Error
	if own != "" && errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
		// Not wrapped: what is advised about a 401 speaks of the provider's credentials.
		return fmt.Errorf("%s; the instance refuses the %s of this action: check that it is valid, that its account is "+
			"active, and that an access policy of this API admits the method", refused.Error(), own)
	}
	if err != nil {
		return err
	}
	if answer == "" || answer == "{}" || answer == "[]" {
		// What is answered is up to the connector's script, so this is no error, and no proof.
		answer = "nothing that says what became of the event; look for it in All Events (em_event)"
	}
	progress("The instance answered: " + answer)
	return nil
}
