package lifecycle

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// explain says what went wrong in the server's words, and what to try. A connection that fails is explained in full
// once; what fails of it for other resources refers to that, unless the error says how to look for what was written.
// needs is what the account must have for what failed.
func (c *Connection) explain(err error, needs Needs) string {
	var e *rest.Error
	unknown := errors.Is(err, record.ErrOutcomeUnknown)
	if errors.As(err, &e) && e.Status == 0 && e.Message != "" && c != nil && !unknown {
		if _, explained := c.failures.LoadOrStore(e.Message+e.Detail, true); explained {
			return e.Method + " " + e.Path + ": " + e.Message + " (as reported for another resource)."
		}
	}
	if hint := hint(err, needs); hint != "" {
		return sentence(err) + "\n\n" + hint
	}
	return sentence(err)
}

// sentence ends an error's words, unless they end as a sentence does.
func sentence(err error) string {
	words := err.Error()
	if strings.HasSuffix(words, ".") || strings.HasSuffix(words, "…") {
		return words
	}
	return words + "."
}

// hint says what to try after a failure; empty when nothing is known.
func hint(err error, needs Needs) string {
	var vanished *record.VanishedError
	var e *rest.Error
	switch {
	case errors.Is(err, record.ErrHidden):
		return needs.hiddenHint()
	case errors.As(err, &vanished):
		return "That is rarely a deletion. Usual causes: the provider points at another instance or space; the instance " +
			"was cloned over; the account has lost the role that reads these records (some instances count after access " +
			"control, so that hidden looks like gone). Nothing was taken out of the state. If they were deleted, set " +
			"accept_vanished = true in the provider block for one run."
	case errors.Is(err, context.DeadlineExceeded):
		return "The time limit of the timeouts attribute passed."
	case !errors.As(err, &e):
		return ""
	}
	if hint, ok := refusalHints[rest.Cause(err)]; ok {
		return hint
	}
	if e.ByOtherServer() {
		return otherServerHints[e.Asked]
	}
	words := e.Message + " " + e.Detail
	if strings.Contains(words, "Invalid table") {
		return needs.missingTableHint()
	}
	for _, known := range answerHints {
		if (known.status == 0 || known.status == e.Status) && (known.asked == 0 || known.asked == e.Asked) &&
			(known.login == "" || known.login == e.Login) && strings.Contains(words, known.words) {
			return known.hint
		}
	}
	if e.Status == http.StatusForbidden {
		return needs.refusedHint()
	}
	return ""
}

// missingTableHint says what brings a table that the instance does not have.
func (n Needs) missingTableHint() string {
	const missing = "The instance does not have this table: "
	switch {
	case n.Plugin != "":
		return missing + "the plugin " + n.Plugin + ", which brings it, is not active. servicenow_plugin activates it."
	case n.Application != "":
		return missing + "the application " + n.Application + ", which brings it, is not installed. " +
			"servicenow_store_application installs it, for instances that are entitled to it."
	}
	return missing + "its name is misspelled, or the plugin or application that brings it is not installed."
}

// hiddenHint says what to do about a record that the account may not read.
func (n Needs) hiddenHint() string {
	const role, kept = "Give the provider's account a role that reads this table",
		". The record stays in the state, since it was not deleted."
	if account := n.unmarked(); account != "" {
		return role + ": on a server as shipped it needs " + account + kept
	}
	return role + kept
}

// unmarked is Account without Markdown.
func (n Needs) unmarked() string { return strings.NewReplacer("`", "", "*", "").Replace(n.Account()) }

// refusedHint says what to do about a 403 for lack of a role or privilege.
func (n Needs) refusedHint() string {
	const refused = "The account may not do this: it lacks a role or privilege. "
	if account := n.unmarked(); account != "" {
		return refused + "On a server as shipped it needs " + account + "."
	}
	return refused + "Check its roles against the table's ACLs, and in Kibana its privileges in this space."
}

// refusalHints say what to do about a 403 whose cause is known.
var refusalHints = map[rest.Refusal]string{
	rest.RefusedUnscoped: "The OAuth client that the provider's token belongs to is securely scoped: it opens only " +
		"APIs with an auth scope. Set the client's Scope Restriction to Broadly scoped (scope_restriction = " +
		"\"unrestricted\" on servicenow_oauth_jwt_endpoint or servicenow_oauth_client), or give it the scope useraccount.",
	rest.RefusedAuthScope: "Somebody has given this API an auth scope, and from then on every token needs it. Add " +
		"the scope that the message names to the client (auth_scope_ids), or the scope useraccount, or take the scope " +
		"from the API.",
	rest.RefusedWebService: "The table does not allow access by web services. An administrator opens it in the " +
		"table's own record (System Definition > Tables, tab Application Access: Allow access to this table via web " +
		"services).",
	rest.RefusedPlatformAccess: "The instance demands the role snc_platform_rest_api_access of every account that " +
		"uses its REST APIs. Grant it to the provider's account.",
	rest.RefusedScope: "The record lives in another application scope than the one that the request runs in. Set " +
		"scope_id to the record's scope, or give the account access to that application.",
	rest.RefusedLicense: "Kibana's license does not include this. The message names the license that does.",
}

// otherServerHints say what to do about an answer that only the other kind of server gives, by the one that was asked.
var otherServerHints = map[rest.Kind]string{
	rest.KindServiceNow: "The server at instance_url answers as Kibana does. Check instance_url (or " +
		"SERVICENOW_INSTANCE_URL): it is the address of the ServiceNow instance, and kibana.url that of Kibana.",
	rest.KindKibana: "The server at kibana.url answers as a ServiceNow instance does. Check kibana.url (or " +
		"KIBANA_ENDPOINT): it is the address of Kibana, and instance_url that of the instance.",
}

// answerHints say what to do about other answers, by status (0: any), words, the server that was asked (0: either) and
// the login (empty: any). The first that fits counts.
var answerHints = []struct {
	status      int
	words, hint string
	asked       rest.Kind
	login       string
}{
	{
		status: http.StatusUnauthorized, asked: rest.KindKibana,
		hint: "Kibana does not accept the provider's credentials. Check the auth method in kibana (or its environment " +
			"variables): that the user or the API key is of this deployment, and that the key has neither expired nor been " +
			"invalidated.",
	},
	{
		status: http.StatusUnauthorized, login: rest.APIKey{}.String(),
		hint: "The instance does not accept the API key. A key passes only where a REST API access policy maps an API key " +
			"profile to this API. Check that there is one, that the key is active and has not expired, and that its user is " +
			"active.",
	},
	{
		status: http.StatusUnauthorized, words: "Required to provide Auth information",
		hint: "The server does not accept the provider's credentials. New instances refuse basic authentication of " +
			"interactive accounts, administrators included: mark the account as web_service_access_only, grant it the role " +
			"snc_basic_auth_api_access, or log in with oauth_jwt or api_key. Else check the user name and password, that the " +
			"account is active, and that no REST API access policy leaves this auth method out.",
	},
	{
		status: http.StatusUnauthorized,
		hint: "The server does not accept the provider's credentials. Check the auth method in the provider block (or its " +
			"environment variables), that the account is active, and, on ServiceNow, that no REST API access policy leaves " +
			"this auth method out.",
	},
	{
		words: "aborted by Business Rule",
		hint:  "A business rule of the instance refuses this change. The message names it; ask its owner what it demands.",
	},
	{
		words: "Data Policy Exception",
		hint: "A data policy demands columns that are empty. Set them here, or in additional_columns where the resource " +
			"has no attribute of that name.",
	},
	{
		status: http.StatusTooManyRequests,
		hint: "The server limits how many requests it takes. Lower http.max_concurrent_requests or set " +
			"http.requests_per_second in the provider block.",
	},
}
