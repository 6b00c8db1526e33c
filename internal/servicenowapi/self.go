package servicenowapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// ownUser is the user that this connection's requests run as.
type ownUser struct{ id, name string }

// self keeps our own user once it is known.
type self struct {
	mu    sync.Mutex
	known *ownUser
	// guard is held by whoever decides about a change of our own user's access, until that is written.
	guard *semaphore.Weighted
	// rows are the sys_ids of what its access stands on, as seen then; nil: to be read.
	rows map[string]bool
	seen time.Time
}

// errNoUser says that the instance does not show which user this connection is.
var errNoUser = errors.New("the instance does not show the user that the provider logs in as")

// userName is our own user's name where the configuration names it; "" where only the instance knows.
func (s *Client) userName() string {
	switch auth := s.config.Auth.(type) {
	case rest.BasicAuth:
		return auth.Username
	case rest.PasswordGrant:
		return auth.Username
	}
	return ""
}

// accountName is the user_name of this connection's user: as configured, or as the instance shows it.
func (s *Client) accountName(ctx context.Context) (string, error) {
	if name := s.userName(); name != "" {
		return name, nil
	}
	account, err := s.account(ctx)
	return account.name, err
}

// account finds out which user this connection is. Its error is errNoUser where the instance does not show that, and
// another one where it may at another time.
//
// Source: ServiceNow evaluates gs.getUserID() in queries; a vendor's product finds its own API key so.
func (s *Client) account(ctx context.Context) (ownUser, error) {
	s.self.mu.Lock()
	defer s.self.mu.Unlock()
	if s.self.known != nil {
		return *s.self.known, nil
	}
	name := s.userName()
	query := "sys_id=javascript:gs.getUserID()"
	if name != "" {
		if err := Queryable(name); err != nil {
			return ownUser{}, fmt.Errorf("%w: user_name %w", errNoUser, err)
		}
		query = "user_name=" + name
	}
	rows, counted, err := s.Table("sys_user").list(ctx, query, []string{"user_name"}, 2)
	if rest.HasStatus(err, http.StatusForbidden) || rest.HasStatus(err, http.StatusBadRequest) {
		return ownUser{}, fmt.Errorf("%w: %w", errNoUser, err)
	}
	if err != nil {
		return ownUser{}, err
	}
	// An instance that drops the condition shows every user.
	if len(rows) != 1 || counted.total != 1 || rows[0].Text("user_name") == "" ||
		name != "" && !matches(rows[0], map[string]string{"user_name": name}) {
		return ownUser{}, errNoUser
	}
	s.self.known = &ownUser{id: rows[0].ID, name: rows[0].Text("user_name")}
	return *s.self.known, nil
}
