package rest

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
)

func TestCause(t *testing.T) {
	t.Parallel()
	for words, want := range map[[2]string]Refusal{
		{"User Not Authorized", "Access to unscoped api is not allowed"}:                            RefusedUnscoped,
		{"User Not Authorized", "Missing required api access scope: useraccount"}:                   RefusedAuthScope,
		{"Operation Failed", "com.glide.rest.domain.WebServicePolicyValidator refused"}:             RefusedWebService,
		{"User Not Authorized", "Failed API level ACL Validation: snc_platform_rest_api_access"}:    RefusedPlatformAccess,
		{"Operation Failed", "ACL Exception Insert Failed due to security constraints"}:             RefusedRole,
		{"User Not Authorized", "User Not Authorized"}:                                              RefusedRole,
		{"Unauthorized to create a \"x\" action", ""}:                                               RefusedRole,
		{"Unable to get actions", ""}:                                                               RefusedRole,
		{"Action type .servicenow is disabled because your basic license does not support it.", ""}: RefusedLicense,
		{"Blocked", "by the firewall"}:                                                              RefusedUnknown,
	} {
		err := fmt.Errorf("wrapped: %w", &Error{Status: http.StatusForbidden, Message: words[0], Detail: words[1]})
		if got := Cause(err); got != want {
			t.Errorf("%q: %d, want %d", words, got, want)
		}
	}
	for _, other := range []error{&Error{Status: 401, Detail: "security constraints"}, errors.New("x")} {
		if Cause(other) != RefusedUnknown {
			t.Errorf("%v has a cause", other)
		}
	}
}
