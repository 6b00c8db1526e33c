package kibana

import (
	"fmt"
	"net/url"
	"slices"
)

// connectorType is one of Kibana's connector types, as one release knows it.
type connectorType struct {
	id       string
	name     string
	license  string // the minimum one
	features []string
	since    version
	system   bool // made by Kibana itself, never by a client

	config  func(v version) schema
	secrets func(v version) schema

	// The checks after the schemas: each answers the fault's text or "". They run in this order.
	checkConfig    func(hosts allowedHosts, config map[string]any) string
	checkSecrets   func(hosts allowedHosts, secrets map[string]any) string
	checkConnector func(config, secrets map[string]any) string

	// subActions answers what the params of _execute may be; execute runs one.
	subActions func(v version) []subAction
	execute    executor
}

// deprecatable: only these two types carry usesTableApi, the switch between the Table API and the Elastic app.
func (t *connectorType) deprecatable() bool {
	return t.id == typeITSM || t.id == typeSecOps
}

const (
	typeITSM      = ".servicenow"
	typeSecOps    = ".servicenow-sir"
	typeITOM      = ".servicenow-itom"
	typeJira      = ".jira"
	typeResilient = ".resilient"
	typeSwimlane  = ".swimlane"
)

var (
	forCases    = []string{"alerting", "cases", "uptime", "siem"}
	forAlerting = []string{"alerting", "uptime", "siem"}
)

// connectorTypes lists every type of every simulated release. Licence levels: .servicenow, .jira and .swimlane are
// read in Kibana's source, the others are taken from its subscription page's tiers.
func connectorTypes() []*connectorType {
	types := []*connectorType{
		{
			id: typeITSM, name: "ServiceNow ITSM", license: "platinum", features: forCases, since: version{major: 7},
			config: serviceNowConfig(true), secrets: serviceNowSecrets,
			checkConfig: checkServiceNowConfig, checkSecrets: checkServiceNowSecrets,
			checkConnector: checkServiceNowConnector,
			subActions:     itsmSubActions, execute: executeITSM,
		},
		{
			id: typeSecOps, name: "ServiceNow SecOps", license: "platinum", features: forCases,
			since:  version{major: 7, minor: 10},
			config: serviceNowConfig(true), secrets: serviceNowSecrets,
			checkConfig: checkServiceNowConfig, checkSecrets: checkServiceNowSecrets,
			checkConnector: checkServiceNowConnector,
			subActions:     secOpsSubActions, execute: executeSecOps,
		},
		{
			id: typeITOM, name: "ServiceNow ITOM", license: "platinum", features: forAlerting,
			since:  version{major: 7, minor: 16},
			config: serviceNowConfig(false), secrets: serviceNowSecrets,
			checkConfig: checkServiceNowConfig, checkSecrets: checkServiceNowSecrets,
			checkConnector: checkServiceNowConnector,
			subActions:     itomSubActions, execute: executeITOM,
		},
		{
			id: typeJira, name: "Jira", license: "gold", features: forCases, since: version{major: 7},
			config: func(v version) schema {
				return strict(
					withCaseMappings(
						v,
						"casesConfiguration",
						required("apiUrl", text),
						required("projectKey", text),
					)...)
			},
			secrets:     fixed(strict(required("email", text), required("apiToken", text))),
			checkConfig: checkTargetURL("error configuring connector action: "),
			subActions:  jiraSubActions, execute: executeJira,
		},
		{
			id: typeResilient, name: "IBM Resilient", license: "platinum", features: forCases,
			since: version{major: 7, minor: 8},
			config: func(v version) schema {
				return strict(
					withCaseMappings(v, "casesConfiguration", required("apiUrl", text), required("orgId", text))...)
			},
			secrets: fixed(strict(required("apiKeyId", text), required("apiKeySecret", text))),
			// Built on the sub-action framework, which words the refusal of a host in its own way.
			checkConfig: checkTargetURL("error validating url: "),
			subActions:  resilientSubActions, execute: executeResilient,
		},
		{
			id:          typeSwimlane,
			name:        "Swimlane",
			license:     "gold",
			features:    forCases,
			since:       version{major: 7, minor: 14},
			config:      fixed(swimlaneConfig()),
			secrets:     fixed(strict(required("apiToken", text))),
			checkConfig: checkTargetURL("error configuring connector action: "),
			subActions:  swimlaneSubActions,
			execute:     executeSwimlane,
		},
		{
			id: ".index", name: "Index", license: "basic", features: forAlerting, since: version{major: 7},
			config: fixed(strict(required("index", text), defaulted("refresh", boolean, false),
				nullable("executionTimeField", schema{kind: text}))),
			secrets: fixed(strict()),
		},
		{
			id: ".server-log", name: "Server log", license: "basic", features: forAlerting, since: version{major: 7},
			config: fixed(strict()), secrets: fixed(strict()), execute: executeServerLog,
		},
		{
			id: ".slack", name: "Slack", license: "gold", features: forAlerting, since: version{major: 7},
			config: fixed(strict()), secrets: fixed(strict(required("webhookUrl", text))),
			checkSecrets: checkHookHost("error configuring slack action: ", "webhookUrl"),
		},
		{
			id: ".webhook", name: "Webhook", license: "gold", features: forAlerting, since: version{major: 7},
			config: webhookConfig, secrets: fixed(webhookSecrets()),
			checkConfig:  checkURLKey("url", "error validation webhook action config: "),
			checkSecrets: checkPair("user", "password", "both user and password must be specified"),
		},
		{
			id: ".email", name: "Email", license: "gold", features: forAlerting, since: version{major: 7},
			config: fixed(emailConfig()),
			secrets: func(v version) schema {
				if v.before(8, 0) {
					return strict(nullables("user", "password")...)
				}
				return strict(nullables("user", "password", "clientSecret")...)
			},
			checkConfig:  checkEmailConfig,
			checkSecrets: checkPair("user", "password", "both user and password must be specified"),
		},
		{
			id: ".cases", name: "Cases", license: "platinum", since: version{major: 8, minor: 11}, system: true,
			config: fixed(strict()), secrets: fixed(strict()),
		},
	}
	return append(types, otherConnectorTypes()...)
}

func fixed(s schema) func(version) schema { return func(version) schema { return s } }

// serviceNowConfig is the config of the three ServiceNow types: usesTableApi came with 7.16, OAuth with 8.3; up to 7.9
// a connector carried the mapping of case fields (casesConfiguration, from 7.8 on incidentConfiguration).
func serviceNowConfig(tableAPI bool) func(version) schema {
	return func(v version) schema {
		properties := []property{required("apiUrl", text)}
		if v.before(7, 8) {
			properties = withCaseMappings(v, "casesConfiguration", properties...)
		} else if v.before(7, 10) {
			properties = withCaseMappings(v, "incidentConfiguration", properties...)
			properties = append(properties, nullable("isCaseOwned", schema{kind: boolean}))
		}
		if tableAPI && v.atLeast(7, 16) {
			properties = append(properties, defaulted("usesTableApi", boolean, true))
		}
		if v.atLeast(8, 3) {
			properties = append(properties, defaulted("isOAuth", boolean, false))
			properties = append(properties, nullables("userIdentifierValue", "clientId", "jwtKeyId")...)
		}
		return strict(properties...)
	}
}

// withCaseMappings adds the per-connector mapping of releases before 7.10. 7.7's documentation calls it required.
func withCaseMappings(v version, key string, properties ...property) []property {
	if v.atLeast(7, 10) {
		return properties
	}
	mapping := listOf(strict(required("source", text), required("target", text),
		oneOf("actionType", "overwrite", "append", "nothing")))
	mapping.nonEmpty = true
	configuration := property{key, strict(property{"mapping", mapping})}
	if v.atLeast(7, 8) {
		configuration.optional = true
	}
	return append(properties, configuration)
}

func serviceNowSecrets(v version) schema {
	if v.before(8, 3) {
		return strict(required("password", text), required("username", text))
	}
	return strict(nullables("password", "username", "clientSecret", "privateKey", "privateKeyPassword")...)
}

func checkServiceNowConfig(hosts allowedHosts, config map[string]any) string {
	if message := checkTargetURL("error configuring connector action: ")(hosts, config); message != "" {
		return message
	}
	if config["isOAuth"] == true {
		for _, key := range []string{"userIdentifierValue", "clientId", "jwtKeyId"} {
			if config[key] == nil {
				return key + " must be provided when isOAuth = true"
			}
		}
	}
	return ""
}

func checkServiceNowSecrets(_ allowedHosts, secrets map[string]any) string {
	has := func(key string) bool { return stringOf(secrets[key]) != "" }
	username, password := has("username"), has("password")
	clientSecret, privateKey := has("clientSecret"), has("privateKey")
	switch {
	case !username && !password && !clientSecret && !privateKey:
		return "Either basic auth or OAuth credentials must be specified"
	case username != password:
		return "username and password must both be specified"
	case clientSecret != privateKey:
		return "clientSecret and privateKey must both be specified"
	}
	return ""
}

// checkServiceNowConnector compares config with secrets. privateKeyPassword takes no part, and no key is parsed: a
// broken one is stored and fails at run time only.
func checkServiceNowConnector(config, secrets map[string]any) string {
	if config["isOAuth"] == true {
		for _, key := range []string{"clientSecret", "privateKey"} {
			if secrets[key] == nil {
				return key + " must be provided when isOAuth = true"
			}
		}
		if secrets["username"] != nil || secrets["password"] != nil {
			return "Username and password should not be provided with isOAuth = true"
		}
		return ""
	}
	for _, key := range []string{"username", "password"} {
		if secrets[key] == nil {
			return key + " must be provided when isOAuth = false"
		}
	}
	for _, value := range []any{
		config["clientId"], config["userIdentifierValue"], config["jwtKeyId"],
		secrets["clientSecret"], secrets["privateKey"],
	} {
		if value != nil {
			return "clientId, clientSecret, userIdentifierValue, jwtKeyId and privateKey should not be provided with " +
				"isOAuth = false"
		}
	}
	return ""
}

func swimlaneConfig() schema {
	mapping := strict(required("id", text), required("key", text), required("name", text), required("fieldType", text))
	names := []string{
		"ruleNameConfig", "alertIdConfig", "caseIdConfig", "caseNameConfig", "commentsConfig",
		"severityConfig", "descriptionConfig",
	}
	mappings := make([]property, 0, len(names))
	for _, name := range names {
		mappings = append(mappings, nullable(name, mapping))
	}
	return strict(required("apiUrl", text), required("appId", text),
		oneOf("connectorType", "all", "alerts", "cases"), property{"mappings", strict(mappings...)})
}

func webhookSecrets() schema {
	s := strict(nullables("user", "password")...)
	s.open = true // newer builds add certificates and secret headers
	return s
}

func emailConfig() schema {
	s := strict(defaulted("service", text, "other"), nullable("host", schema{kind: text}),
		nullable("port", schema{kind: number}), nullable("secure", schema{kind: boolean}), required("from", text),
		defaulted("hasAuth", boolean, true))
	s.properties = append(s.properties, nullables("tenantId", "clientId", "oauthTokenUrl")...)
	return s
}

// allowedHosts is xpack.actions.allowedHosts.
type allowedHosts []string

// refusal answers Kibana's message about a URL whose host is not allowed, or "".
func (hosts allowedHosts) refusal(target string) string {
	if slices.Contains(hosts, "*") {
		return ""
	}
	if parsed, err := url.Parse(target); err == nil && parsed.Hostname() != "" &&
		slices.Contains(hosts, parsed.Hostname()) {
		return ""
	}
	return fmt.Sprintf("target url %q is not added to the Kibana config xpack.actions.allowedHosts", target)
}

// allows reports whether a host may be called.
func (hosts allowedHosts) allows(host string) bool {
	return slices.Contains(hosts, "*") || slices.Contains(hosts, host)
}

// emailHosts are the mail servers of well-known services; Kibana takes nodemailer's list.
var emailHosts = map[string]string{
	"gmail": "smtp.gmail.com", "outlook365": "smtp.office365.com", "ses": "email-smtp.us-east-1.amazonaws.com",
}

// checkEmailConfig: "other" needs a host and port of its own, Exchange the ids of its OAuth client.
func checkEmailConfig(hosts allowedHosts, config map[string]any) string {
	switch service := stringOf(config["service"]); service {
	case "exchange_server":
		for _, key := range []string{"clientId", "tenantId"} {
			if config[key] == nil {
				return fmt.Sprintf("[%s] is required", key)
			}
		}
		return ""
	case "other", "elastic_cloud":
		host := stringOf(config["host"])
		switch {
		case service == "elastic_cloud":
			return ""
		case host == "" && config["port"] == nil:
			return "[host]/[port] is required"
		case host == "":
			return "[host] is required"
		case config["port"] == nil:
			return "[port] is required"
		case !hosts.allows(host):
			return fmt.Sprintf("[host] value '%s' is not in the allowedHosts configuration", host)
		}
		return ""
	case "__json":
		return ""
	default:
		host := emailHosts[service]
		switch {
		case host == "":
			return fmt.Sprintf("[service] value '%s' is not valid", service)
		case !hosts.allows(host):
			return fmt.Sprintf("[service] value '%s' resolves to host '%s' which is not in the allowedHosts configuration",
				service, host)
		}
		return ""
	}
}

// checkHookHost checks the host of a URL that is a secret, which the message therefore does not repeat whole.
func checkHookHost(prefix, key string) func(allowedHosts, map[string]any) string {
	return func(hosts allowedHosts, secrets map[string]any) string {
		parsed, err := url.Parse(stringOf(secrets[key]))
		switch {
		case err != nil || parsed.Hostname() == "":
			return prefix + "unable to parse host name from " + key
		case !hosts.allows(parsed.Hostname()):
			return fmt.Sprintf("%starget hostname %q is not added to the Kibana config xpack.actions.allowedHosts", prefix,
				parsed.Hostname())
		}
		return ""
	}
}

func checkTargetURL(prefix string) func(allowedHosts, map[string]any) string {
	return checkURLKey("apiUrl", prefix)
}

func checkURLKey(key, prefix string) func(allowedHosts, map[string]any) string {
	return func(hosts allowedHosts, config map[string]any) string {
		if refusal := hosts.refusal(stringOf(config[key])); refusal != "" {
			return prefix + refusal
		}
		return ""
	}
}

// checkPair refuses secrets that hold only one of two keys.
func checkPair(first, second, message string) func(allowedHosts, map[string]any) string {
	return func(_ allowedHosts, secrets map[string]any) string {
		if (stringOf(secrets[first]) == "") != (stringOf(secrets[second]) == "") {
			return message
		}
		return ""
	}
}

// stringOf answers the string that value is, and "" for null and every other type.
func stringOf(value any) string {
	s, _ := value.(string)
	return s
}

// licenseRank orders licence levels; a trial has every feature.
func licenseRank(license string) int {
	return slices.Index([]string{"basic", "standard", "gold", "platinum", "enterprise", "trial"}, license)
}
