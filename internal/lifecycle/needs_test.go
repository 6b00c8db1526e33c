package lifecycle

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	hold := func(names ...string) map[string]bool {
		held := map[string]bool{}
		for _, name := range names {
			held[name] = true
		}
		return held
	}
	for name, test := range map[string]struct {
		roles       Roles
		text        string
		enough, not []map[string]bool
	}{
		"admin only": {
			AdminOnly, "the role `admin`",
			[]map[string]bool{hold("admin"), hold("x", "admin")},
			[]map[string]bool{nil, hold("x")},
		},
		"one of one": {
			OneOf("a"), "the role `a` or `admin`", []map[string]bool{hold("a"), hold("admin")}, []map[string]bool{hold("b")},
		},
		"one of two": {
			OneOf("a", "b"), "the role `a`, `b` or `admin`", []map[string]bool{hold("a"), hold("b")}, []map[string]bool{hold()},
		},
		"two together": {
			Together("a", "b"), "the roles `a` and `b`, or `admin`",
			[]map[string]bool{hold("a", "b"), hold("admin")},
			[]map[string]bool{hold("a"), hold("b"), nil},
		},
		"two together, or a third": {
			append(Together("a", "b"), OneOf("c")...), "the roles `a` and `b`, `c`, or `admin`",
			[]map[string]bool{hold("c")},
			[]map[string]bool{hold("a")},
		},
	} {
		if got := test.roles.String(); got != test.text {
			t.Errorf("%s: %q, want %q", name, got, test.text)
		}
		for _, held := range test.enough {
			if !test.roles.MetBy(held) {
				t.Errorf("%s: %v is not enough", name, held)
			}
		}
		for _, held := range test.not {
			if test.roles.MetBy(held) {
				t.Errorf("%s: %v is enough", name, held)
			}
		}
	}
}

func TestNeedsEndTheDescription(t *testing.T) {
	t.Parallel()
	for want, needs := range map[string]Needs{
		"":                              {},
		" Needs the role `admin`.":      {Roles: AdminOnly},
		" Needs the plugin `com.x`.":    {Plugin: "com.x"},
		" Needs what the owner allows.": {Access: "what the owner allows"},
		" Needs the plugin `com.x`, and the role `a` or `admin`.": {Roles: OneOf("a"), Plugin: "com.x"},
	} {
		if got := needs.sentence(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestNewerColumnsAreDescribed looks at the served schema: an attribute that may be configured says which instances
// have its column, and nothing else does.
func TestNewerColumnsAreDescribed(t *testing.T) {
	t.Parallel()
	d := widgetDefinition(nil)
	d.Needs.Newer = map[string]string{"color": "Zurich", "note": SomeInstances, "number": "Zurich"}
	attributes := servedAttributes(t, d)
	for name, ends := range map[string]string{
		"color": "Text. Needs Zurich or newer.", "note": "Text. Not every instance has it.", "number": "Text.",
		"name": "Text.",
	} {
		if got := attributes[name].GetMarkdownDescription(); got != ends {
			t.Errorf("%s: %q, want %q", name, got, ends)
		}
	}
}

// TestRefusalNamesWhatIsEnough holds that a 403 names the roles of the resource that was refused, unless its words name
// another cause.
func TestRefusalNamesWhatIsEnough(t *testing.T) {
	t.Parallel()
	refused := func(message string) error { return &rest.Error{Status: http.StatusForbidden, Message: message} }
	needs := Needs{Roles: Together("api_service_admin", "adaptive_auth_policy_admin")}
	const enough = "needs the roles api_service_admin and adaptive_auth_policy_admin, or admin"
	for message, names := range map[string]bool{
		"ACL Exception Insert Failed due to security constraints":   true,
		"words that nobody knows":                                   true,
		"Access to unscoped api is not allowed":                     false,
		"Operation was aborted by Business Rule 'x'":                false,
		"Data Policy Exception: The following fields are mandatory": false,
	} {
		if got := hint(refused(message), needs); strings.Contains(got, enough) != names {
			t.Errorf("%s: %q", message, got)
		}
		if got := hint(refused(message), Needs{}); got == "" || strings.Contains(got, "needs the role") {
			t.Errorf("%s: %q names roles of nothing", message, got)
		}
	}
	kibana := Needs{Access: "the privilege *All* for *Actions and Connectors* in the space"}
	if got := hint(refused("Unauthorized to create a \".jira\" action"), kibana); !strings.Contains(got,
		"needs the privilege All for Actions and Connectors in the space") {
		t.Errorf("%q", got)
	}
}

func servedAttributes(t *testing.T, d Definition) map[string]resourceschema.Attribute {
	t.Helper()
	var served resource.SchemaResponse
	New[widget](d)().Schema(t.Context(), resource.SchemaRequest{}, &served)
	if served.Diagnostics.HasError() {
		t.Fatal(served.Diagnostics)
	}
	return served.Schema.Attributes
}
