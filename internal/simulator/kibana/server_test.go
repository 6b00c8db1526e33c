package kibana_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

func TestEverythingLivesBelowTheBasePath(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{BasePath: "/kibana/", Spaces: []string{"soc"}})
	for path, status := range map[string]int{
		"/kibana/api/status":                       200,
		"/kibana/s/soc/api/actions/connectors":     200,
		"/api/status":                              404,
		"/s/soc/api/actions/connectors":            404,
		"/kibanana/api/status":                     404,
		"/s/soc/kibana/api/actions/connectors":     404,
		"/simulator/kibana/connectors":             200,
		"/kibana/api/actions/connector/a%2Fb":      404,
		"/kibana/s/soc/api/actions/connector/none": 404,
	} {
		same(t, path, status, k.do("GET", path, nil).status)
	}
	created := k.do("POST", "/kibana/s/soc/api/actions/connector", basicITSM("https://x"))
	same(t, "create", 200, created.status)
	same(t, "space", "soc", k.Connectors()[0].Space)

	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]string{
		"/kibana":                               "/kibana/spaces/enter",
		"/kibana/":                              "/kibana/spaces/enter",
		"/kibana/s/soc":                         "/kibana/s/soc/spaces/enter",
		"/kibana/api/status/?v8format=true":     "/kibana/api/status?v8format=true",
		"/kibana/s/soc/api/actions/connectors/": "/kibana/s/soc/api/actions/connectors",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, k.url+path, nil)
		if err != nil {
			t.Fatalf("request: %v", err)
		}
		request.SetBasicAuth("elastic", "changeme")
		response, err := client.Do(request)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		_ = response.Body.Close()
		same(t, path, [2]any{302, want}, [2]any{response.StatusCode, response.Header.Get("Location")})
	}
	if _, err := kibana.New(kibana.Options{BasePath: "kibana"}); err == nil {
		t.Error("a relative base path was accepted")
	}
}

func TestSpaces(t *testing.T) {
	t.Parallel()
	const path = "/api/spaces/space"
	k := start(t, kibana.Options{Spaces: []string{"soc"}, Users: []kibana.User{
		{Username: "analyst", Password: "a", Privilege: kibana.PrivilegeAll, Spaces: []string{"soc"}},
	}})
	analyst := []string{"Authorization", "Basic YW5hbHlzdDph"}
	ids := func(a answer) string {
		var all []string
		for _, row := range a.list {
			id, _ := dig(row, "id").(string)
			all = append(all, id)
		}
		return strings.Join(all, " ")
	}
	same(t, "list", "default soc", ids(k.do("GET", path, nil)))
	same(t, "only those that one sees", "soc", ids(k.do("GET", path, nil, analyst...)))
	same(t, "default", object{
		"id": "default", "name": "Default", "description": "This is your default space!", "color": "#00bfb3",
		"disabledFeatures": []any{}, "_reserved": true,
	}, k.do("GET", path+"/default", nil).body)

	body := object{"id": "ops", "name": "Operations", "initials": "O"}
	same(t, "create", object{"id": "ops", "name": "Operations", "initials": "O", "disabledFeatures": []any{}},
		k.do("POST", path, body).body)
	for _, test := range []struct {
		method, path string
		body         any
		as           []string
		status       int
		message      string
	}{
		{
			"POST", path, body, nil, 409,
			"A space with the identifier ops already exists. Please choose a different identifier",
		},
		{"POST", path, body, analyst, 403, "Unauthorized to create spaces"},
		{
			"POST", path,
			object{"id": "Ops", "name": "n"},
			nil, 400,
			"[request body.id]: must be lower case, a-z, 0-9, '_', and '-' are allowed",
		},
		{
			"POST", path,
			object{"id": "x"},
			nil, 400,
			"[request body.name]: expected value of type [string] but got [undefined]",
		},
		{
			"POST", path,
			object{"id": "x", "name": "x", "owner": "me"},
			nil, 400,
			"[request body.owner]: definition for this key is missing",
		},
		{"GET", path + "/nowhere", nil, nil, 404, "Not Found"},
		{"GET", path + "/ops", nil, analyst, 403, "Unauthorized to get ops space"},
		{"DELETE", path + "/default", nil, nil, 400, "The default space cannot be deleted because it is reserved."},
		{"DELETE", path + "/nowhere", nil, nil, 404, "Not Found"},
		{"DELETE", path + "/soc", nil, analyst, 403, "Unauthorized to delete spaces"},
		{"PUT", path + "/nowhere", object{"id": "nowhere", "name": "n"}, nil, 404, "Not Found"},
	} {
		a := k.do(test.method, test.path, test.body, test.as...)
		if a.status != test.status || a.message() != test.message {
			t.Errorf("%s %s: %d %s", test.method, test.path, a.status, a.raw)
		}
	}
	same(t, "update", any("Changed"),
		k.do("PUT", path+"/ops", object{"id": "ops", "name": "Changed"}).body["name"])

	same(t, "connector", 200, k.do("POST", "/s/ops/api/actions/connector", basicITSM("https://x")).status)
	same(t, "settings", 200, k.do("POST", "/s/ops"+casesPath, settingsFor("cases")).status)
	same(t, "delete", 204, k.do("DELETE", path+"/ops", nil).status)
	same(t, "its objects went along", [2]int{}, [2]int{len(k.Connectors()), len(k.CaseSettings())})
}

// Kibana's sources check a space only where an application is opened, so requests in a space that is not there work.
func TestASpaceThatDoesNotExist(t *testing.T) {
	t.Parallel()
	const path = "/s/nowhere/api/actions/connectors"
	for _, version := range []string{"7.17.0", "8.15.0", "9.4.0"} {
		k := start(t, kibana.Options{Version: version})
		same(t, version, 200, k.do("GET", path, nil).status)
		same(t, version, 200, k.do("POST", "/s/nowhere/api/actions/connector", basicITSM("https://x")).status)
		same(t, version+" is not made by it", 404, k.do("GET", "/api/spaces/space/nowhere", nil).status)
		same(t, version, 200, k.do("POST", "/api/spaces/space", object{"id": "nowhere", "name": "n"}).status)
		same(t, version+" holds what was stored before", 1, len(k.do("GET", path, nil).list))

		same(t, "switch", 200,
			k.do("PATCH", "/simulator/kibana/switches", object{"unknown_spaces": "refused"}).status)
		same(t, version+" there", 200, k.do("GET", path, nil).status)
		same(t, version+" refused", "Saved object [space/void] not found",
			k.do("GET", "/s/void/api/actions/connectors", nil).message())
	}
}

func TestStatusOfHostedKibanas(t *testing.T) {
	t.Parallel()
	key := []string{"Authorization", "ApiKey a2V5OnNlY3JldA=="}
	for _, test := range []struct {
		name    string
		options kibana.Options
		status  int
		version any
	}{
		{"self-managed", kibana.Options{}, 200, "9.1.0"},
		{"serverless", kibana.Options{BuildFlavor: "serverless"}, 200, nil},
		{"redacted", kibana.Options{StatusForAPIKeys: kibana.StatusRedacted}, 200, nil},
		{"refused", kibana.Options{StatusForAPIKeys: kibana.StatusRefused}, 403, nil},
		{
			"open serverless",
			kibana.Options{BuildFlavor: "serverless", StatusForAPIKeys: kibana.StatusFull},
			200,
			"9.1.0",
		},
	} {
		test.options.APIKeys = []string{"a2V5OnNlY3JldA=="}
		k := start(t, test.options)
		a := k.do("GET", "/api/status", nil, key...)
		same(t, test.name, [2]any{test.status, test.version}, [2]any{a.status, dig(a.body, "version", "number")})
		same(t, test.name+" with a password", 200, k.do("GET", "/api/status", nil).status)
		same(t, test.name+" connectors", 200, k.do("GET", "/api/actions/connectors", nil, key...).status)
		flavor := test.options.BuildFlavor
		if flavor == "" {
			flavor = "traditional"
		}
		same(t, test.name, any(flavor), dig(k.do("GET", "/api/status", nil).body, "version", "build_flavor"))
	}
	if _, err := kibana.New(kibana.Options{BuildFlavor: "cloud"}); err == nil {
		t.Error("an unknown flavor was accepted")
	}
}

func TestPrivilegesOfFeaturesOwnersAndSpaces(t *testing.T) {
	t.Parallel()
	key := "cmVhZGVyOmtleQ=="
	k := start(t, kibana.Options{Spaces: []string{"soc"}, Users: []kibana.User{
		{
			Username: "reader", APIKeys: []string{key}, Connectors: kibana.PrivilegeRead, Spaces: []string{"soc"},
			Cases: map[string]kibana.Privilege{"cases": kibana.PrivilegeAll, "observability": kibana.PrivilegeRead},
		},
	}})
	as := []string{"Authorization", "ApiKey " + key}
	for _, owner := range []string{"cases", "observability", "securitySolution"} {
		same(t, owner, 200, k.do("POST", "/s/soc"+casesPath, settingsFor(owner)).status)
	}
	same(t, "filtered, not refused", 2, len(k.do("GET", "/s/soc"+casesPath, nil, as...).list))
	same(t, "asked for", []any{}, k.do("GET", "/s/soc"+casesPath+"?owner=securitySolution", nil, as...).list)
	same(t, "elsewhere", []any{}, k.do("GET", casesPath, nil, as...).list)

	for _, test := range []struct {
		method, path string
		body         any
		status       int
		message      string
	}{
		{"POST", "/s/soc" + casesPath, settingsFor("cases"), 200, ""},
		{
			"POST", "/s/soc" + casesPath, settingsFor("observability"), 403,
			`Unauthorized to create case configuration with owners: "observability"`,
		},
		{
			"POST", casesPath, settingsFor("cases"), 403,
			`Unauthorized to create case configuration with owners: "cases"`,
		},
		{
			"POST", "/s/soc/api/actions/connector", basicITSM("https://x"), 403,
			`Unauthorized to create a ".servicenow" action`,
		},
		{"GET", "/s/soc/api/actions/connectors", nil, 200, ""},
		{"GET", "/api/actions/connectors", nil, 403, "Unauthorized to get actions"},
		{"GET", casesPath + "/connectors/_find", nil, 403, "Forbidden"},
	} {
		a := k.do(test.method, test.path, test.body, as...)
		if a.status != test.status || a.message() != test.message {
			t.Errorf("%s %s: %d %s", test.method, test.path, a.status, a.raw)
		}
	}
	same(t, "nobody owns such cases", `Unauthorized to create case configuration with owners: "mine"`,
		k.do("POST", casesPath, settingsFor("mine")).message())

	same(t, "promoted", 204, k.do("POST", "/simulator/kibana/users", object{
		"username": "reader", "api_keys": []any{key}, "privilege": "all",
	}).status)
	same(t, "writes now", 200, k.do("POST", "/api/actions/connector", basicITSM("https://x"), as...).status)
	for name, user := range map[string]object{
		"level":    {"username": "u", "privilege": "most"},
		"owner":    {"username": "u", "cases": object{"mine": "all"}},
		"nameless": {"privilege": "all"},
		"key":      {"username": "u", "role": "x"},
	} {
		same(t, name, 400, k.do("POST", "/simulator/kibana/users", user).status)
	}
}

func TestSwitchesByTheAdminEndpoint(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{})
	const path = "/simulator/kibana/switches"
	before := k.do("GET", path, nil).body
	same(t, "licence", any("trial"), before["license"])
	same(t, "change", any("basic"), k.do("PATCH", path, object{"license": "basic"}).body["license"])
	same(t, "the rest stays", before["unknown_spaces"], k.do("GET", path, nil).body["unknown_spaces"])
	same(t, "refused", 403, k.do("POST", "/api/actions/connector", basicITSM("https://x")).status)
	for _, row := range k.do("GET", "/api/actions/connector_types", nil).list {
		basic := dig(row, "minimum_license_required") == "basic"
		same(t, "in licence", any(basic), dig(row, "enabled_in_license"))
	}
	for name, body := range map[string]object{
		"licence": {"license": "diamond"}, "spaces": {"unknown_spaces": "perhaps"},
		"status": {"status_for_api_keys": "no"}, "key": {"licence": "gold"},
	} {
		same(t, name, 400, k.do("PATCH", path, body).status)
	}
	same(t, "unchanged", any("basic"), k.do("GET", path, nil).body["license"])
}

func TestHostsOfMailAndHooks(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Version: "8.15.0", AllowedHosts: []string{"good.example.com"}})
	email := func(config object) object {
		config["from"] = "a@example.com"
		return object{"name": "n", "connector_type_id": ".email", "config": config, "secrets": object{}}
	}
	slack := func(hook string) object {
		return object{"name": "n", "connector_type_id": ".slack", "secrets": object{"webhookUrl": hook}}
	}
	const config, secrets = "error validating action type config: ", "error validating action type secrets: "
	for _, test := range []struct {
		body    object
		message string
	}{
		{email(object{"host": "good.example.com", "port": 25, "hasAuth": false}), ""},
		{
			email(object{"host": "bad.example.com", "port": 25, "hasAuth": false}),
			config + "[host] value 'bad.example.com' is not in the allowedHosts configuration",
		},
		{email(object{}), config + "[host]/[port] is required"},
		{email(object{"host": "good.example.com"}), config + "[port] is required"},
		{email(object{"port": 25}), config + "[host] is required"},
		{
			email(object{"service": "gmail"}), config +
				"[service] value 'gmail' resolves to host 'smtp.gmail.com' which is not in the allowedHosts configuration",
		},
		{email(object{"service": "pigeon"}), config + "[service] value 'pigeon' is not valid"},
		{email(object{"service": "exchange_server"}), config + "[clientId] is required"},
		{slack("https://good.example.com/services/x"), ""},
		{
			slack("https://slack.mynonexistent.com/other/stuff"), secrets + "error configuring slack action: target " +
				`hostname "slack.mynonexistent.com" is not added to the Kibana config xpack.actions.allowedHosts`,
		},
		{slack("no-url"), secrets + "error configuring slack action: unable to parse host name from webhookUrl"},
	} {
		same(t, test.message, test.message, k.do("POST", "/api/actions/connector", test.body).message())
	}
}

func TestSpacesUsersAndSwitchesAreReset(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Users: []kibana.User{{Username: "u", Password: "p", Privilege: kibana.PrivilegeRead}}})
	as := []string{"Authorization", "Basic dTpw"}
	k.do("POST", "/api/spaces/space", object{"id": "ops", "name": "Operations"})
	k.do("PUT", "/api/spaces/space/default", object{"id": "default", "name": "Changed"})
	k.do("PATCH", "/simulator/kibana/switches", object{"license": "basic"})
	k.do("POST", "/simulator/kibana/users", object{"username": "u", "password": "p", "privilege": "none"})
	k.SaveSnapshot("changed")
	k.Reset()
	same(t, "space", 404, k.do("GET", "/api/spaces/space/ops", nil).status)
	same(t, "name", any("Default"), k.do("GET", "/api/spaces/space/default", nil).body["name"])
	same(t, "licence", "trial", k.Switches().License)
	same(t, "user", 200, k.do("GET", "/api/actions/connectors", nil, as...).status)
	if err := k.RestoreSnapshot("changed"); err != nil {
		t.Fatal(err)
	}
	same(t, "space", 200, k.do("GET", "/api/spaces/space/ops", nil).status)
	same(t, "licence", "basic", k.Switches().License)
	same(t, "user", 403, k.do("GET", "/api/actions/connectors", nil, as...).status)
}
