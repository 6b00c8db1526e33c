package servicenowapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// Event is one payload for a push connector of Event Management.
type Event struct {
	// Source is the connector's source, and InstanceID the sys_id of one of its instances; empty is none.
	Source, InstanceID string
	// Payload is JSON in the sender's own words.
	Payload any
}

// SendEvent posts an event as an outside sender would, with its own credentials, or, when auth is nil, with the
// provider's. It answers with the instance's words. A lost answer is an error that matches ErrOutcomeUnknown: the event
// may have been taken, and sending it again would make a second one.
//
// Source: /api/sn_em_connector/em/inbound_event of the application Event Management Connectors.
func (s *Client) SendEvent(ctx context.Context, auth rest.Auth, event Event) (string, error) {
	sender := s
	if auth != nil {
		config := s.config
		config.Auth = auth
		var err error
		if sender, err = New(config); err != nil {
			return "", err
		}
		defer sender.endpoint.Close()
	}
	query := url.Values{"source": {event.Source}}
	if event.InstanceID != "" {
		query.Set("sys_id", event.InstanceID)
	}
	var out struct {
		Result any `json:"result"`
	}
	_, err := sender.do(ctx, rest.Request{
		Method: http.MethodPost, Path: "/api/sn_em_connector/em/inbound_event", Query: query, Body: event.Payload,
		Write: true,
	}, &out)
	return record.Text(out.Result), err
}
