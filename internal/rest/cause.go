package rest

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
)

// Refusal is why a server said no to an account that it knows, as far as its words tell.
type Refusal int

// The refusals.
const (
	// RefusedUnknown is every other error, and a refusal in words that are not known.
	RefusedUnknown Refusal = iota
	// RefusedUnscoped: the token's client is securely scoped, and the API has no auth scope that it holds (Zurich).
	RefusedUnscoped
	// RefusedAuthScope: the API has an auth scope, which the token's client lacks. See Error.Message for its name.
	RefusedAuthScope
	// RefusedWebService: the table does not allow access by web services.
	RefusedWebService
	// RefusedPlatformAccess: the account lacks the role snc_platform_rest_api_access.
	RefusedPlatformAccess
	// RefusedScope: the record belongs to another application scope than the one that the request runs in.
	RefusedScope
	// RefusedRole: an access control rule, or Kibana, wants a role or privilege that the account lacks.
	RefusedRole
	// RefusedLicense: Kibana's license does not include what was asked for.
	RefusedLicense
)

// refusals recognizes the words of a 403, the more special before the more general.
var refusals = []struct {
	words   *regexp.Regexp
	refusal Refusal
}{
	{regexp.MustCompile(`(?i)access to unscoped api`), RefusedUnscoped},
	{regexp.MustCompile(`(?i)missing required api access scope`), RefusedAuthScope},
	{regexp.MustCompile(`WebServicePolicyValidator`), RefusedWebService},
	{regexp.MustCompile(`snc_platform_rest_api_access`), RefusedPlatformAccess},
	{regexp.MustCompile(`(?i)cross-?scope|different (application )?scope|scope .*(not allowed|denied)`), RefusedScope},
	{regexp.MustCompile(`(?i)\blicen[sc]e\b`), RefusedLicense},
	{regexp.MustCompile(`(?i)ACL Exception|security constraints|not authorized|unauthorized to|` +
		`unable to (create|get|update|` +
		`delete|find|execute)|insufficient (rights|privileges)|required roles`), RefusedRole},
}

// Cause reports why the server refused, by the words of its 403. Of every other error it is RefusedUnknown.
//
// Sources of the words: ServiceNow KB2731346 and answers of live instances; Kibana's action and saved object clients.
func Cause(err error) Refusal {
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusForbidden {
		return RefusedUnknown
	}
	words := strings.TrimSpace(e.Message + " " + e.Detail)
	for _, known := range refusals {
		if known.words.MatchString(words) {
			return known.refusal
		}
	}
	return RefusedUnknown
}
