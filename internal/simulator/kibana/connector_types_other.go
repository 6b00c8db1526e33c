package kibana

// otherConnectorTypes are stored, listed and checked, but not run: nothing here depends on what they do. Where a key's
// release was not found, every release that has the type knows it.
func otherConnectorTypes() []*connectorType {
	token := strict(required("token", text))
	types := []*connectorType{
		{
			id: ".pagerduty", name: "PagerDuty", license: "gold", since: version{major: 7},
			config: fixed(strict(nullables("apiUrl")...)), secrets: fixed(strict(required("routingKey", text))),
			checkConfig: func(hosts allowedHosts, config map[string]any) string {
				if config["apiUrl"] == nil {
					return "" // PagerDuty's own address, which is not checked when a connector is saved
				}
				return checkTargetURL("error configuring pagerduty action: ")(hosts, config)
			},
		},
		{
			id: ".teams", name: "Microsoft Teams", license: "gold", since: version{major: 7, minor: 11},
			config: fixed(strict()), secrets: fixed(strict(required("webhookUrl", text))),
			checkSecrets: func(hosts allowedHosts, secrets map[string]any) string {
				return checkURLKey("webhookUrl", "error configuring teams action: ")(hosts, secrets)
			},
		},
		{
			id: ".xmatters", name: "xMatters", license: "gold", since: version{major: 8, minor: 2},
			config:         fixed(strict(nullables("configUrl")[0], defaulted("usesBasic", boolean, true))),
			secrets:        fixed(strict(nullables("user", "password", "secretsUrl")...)),
			checkConnector: checkXMatters,
		},
		{
			id: ".opsgenie", name: "Opsgenie", license: "platinum", since: version{major: 8, minor: 6},
			config: fixed(strict(required("apiUrl", text))), secrets: fixed(strict(required("apiKey", text))),
			checkConfig: checkTargetURL("error validating url: "),
		},
		{
			id: ".tines", name: "Tines", license: "gold", since: version{major: 8, minor: 6},
			config:      fixed(strict(required("url", text))),
			secrets:     fixed(strict(required("email", text), required("token", text))),
			checkConfig: checkURLKey("url", "error validating url: "),
		},
		{
			id: ".torq", name: "Torq", license: "gold", since: version{major: 8, minor: 7},
			config: fixed(strict(required("webhookIntegrationUrl", text))), secrets: fixed(token),
		},
		{
			id: ".slack_api", name: "Slack API", license: "gold", since: version{major: 8, minor: 8},
			config: func(v version) schema {
				open := schema{kind: object, open: true}
				if v.before(8, 11) {
					open = strict()
				}
				return open // allowedChannels, whose shape changed from release to release
			},
			secrets: fixed(token),
		},
		{
			id: ".cases-webhook", name: "Webhook - Case Management", license: "gold",
			since: version{major: 8, minor: 4}, features: []string{"cases"},
			config: casesWebhookConfig, secrets: fixed(webhookSecrets()),
			checkSecrets: checkPair("user", "password", "both user and password must be specified"),
		},
		{
			id: ".thehive", name: "TheHive", license: "platinum", since: version{major: 8, minor: 16}, features: forCases,
			config:      fixed(strict(required("url", text), nullables("organisation")[0])),
			secrets:     fixed(strict(required("apiKey", text))),
			checkConfig: checkURLKey("url", "error validating url: "),
		},
		{
			id: ".gen-ai", name: "OpenAI", license: "enterprise", since: version{major: 8, minor: 9},
			features: []string{"generativeAIForSecurity"}, config: fixed(openAIConfig()),
			secrets: func(v version) schema {
				if v.before(9, 1) {
					return strict(required("apiKey", text))
				}
				return strict(maybe("apiKey", schema{kind: text}), maybe("certificateData", schema{kind: text}),
					maybe("privateKeyData", schema{kind: text}), maybe("caData", schema{kind: text}))
			},
			checkConfig: checkTargetURL("error validating url: "),
		},
		{
			id: ".bedrock", name: "Amazon Bedrock", license: "enterprise", since: version{major: 8, minor: 10},
			features: []string{"generativeAIForSecurity"},
			config: fixed(schema{kind: object, open: true, properties: []property{
				required("apiUrl", text), maybe("defaultModel", schema{kind: text}),
			}}),
			secrets:     fixed(strict(required("accessKey", text), required("secret", text))),
			checkConfig: checkTargetURL("error validating url: "),
		},
		{
			id: ".gemini", name: "Google Gemini", license: "enterprise", since: version{major: 8, minor: 15},
			features: []string{"generativeAIForSecurity"},
			config: fixed(strict(required("apiUrl", text), maybe("defaultModel", schema{kind: text}),
				required("gcpRegion", text), required("gcpProjectID", text),
				maybe("contextWindowLength", schema{kind: number}), maybe("temperature", schema{kind: number}))),
			secrets:     fixed(strict(required("credentialsJson", text))),
			checkConfig: checkTargetURL("error validating url: "),
		},
	}
	for _, t := range types {
		if t.features == nil {
			t.features = forAlerting
		}
	}
	return types
}

// openAIConfig is open, because its keys depend on the provider.
func openAIConfig() schema {
	return schema{kind: object, open: true, properties: []property{
		oneOf("apiProvider", "OpenAI", "Azure OpenAI", "Other"), required("apiUrl", text),
	}}
}

// checkXMatters: basic authentication takes its URL from config, an API key brings it as a secret.
func checkXMatters(config, secrets map[string]any) string {
	if config["usesBasic"] == true {
		switch {
		case config["configUrl"] == nil:
			return "Provide valid configUrl if basic authentication is used"
		case secrets["user"] == nil:
			return "Provide valid Username"
		case secrets["password"] == nil:
			return "Provide valid Password"
		case secrets["secretsUrl"] != nil:
			return "secretsUrl should not be provided when usesBasic is true"
		}
		return ""
	}
	switch {
	case secrets["secretsUrl"] == nil:
		return "Provide valid secretsUrl with API Key"
	case config["configUrl"] != nil:
		return "configUrl should not be provided when usesBasic is false"
	case secrets["user"] != nil || secrets["password"] != nil:
		return "Username and password should not be provided when usesBasic is false"
	}
	return ""
}

func methodOf(name, fallback string, options ...string) property {
	method := oneOf(name, options...)
	method.hasDefault, method.fallback = true, fallback
	return method
}

// webhookAuthentication are the keys of both webhook types. Those beyond hasAuth came one by one, and are taken where
// they are given.
func webhookAuthentication(v version) []property {
	properties := []property{
		nullable("headers", schema{kind: record, element: &schema{kind: text}}), defaulted("hasAuth", boolean, true),
	}
	if v.atLeast(8, 12) {
		for _, name := range []string{"authType", "certType", "ca", "verificationMode"} {
			properties = append(properties, maybe(name, schema{kind: text, nullable: true}))
		}
	}
	if v.atLeast(9, 1) {
		for _, name := range []string{"accessTokenUrl", "clientId", "scope", "additionalFields"} {
			properties = append(properties, maybe(name, schema{kind: text, nullable: true}))
		}
	}
	return properties
}

func webhookConfig(v version) schema {
	methods := []string{"post", "put"}
	if v.atLeast(9, 4) {
		methods = append(methods, "patch", "get", "delete")
	}
	return strict(append([]property{required("url", text), methodOf("method", "post", methods...)},
		webhookAuthentication(v)...)...)
}

func casesWebhookConfig(v version) schema {
	properties := []property{
		required("createIncidentUrl", text), methodOf("createIncidentMethod", "post", "post", "put"),
		required("createIncidentJson", text), required("createIncidentResponseKey", text),
		required("getIncidentUrl", text), required("getIncidentResponseExternalTitleKey", text),
		required("viewIncidentUrl", text), required("updateIncidentUrl", text),
		methodOf("updateIncidentMethod", "put", "post", "patch", "put"), required("updateIncidentJson", text),
		methodOf("createCommentMethod", "put", "post", "put", "patch"),
	}
	properties[len(properties)-1].nullable = true
	if v.atLeast(9, 0) {
		properties = append(properties, methodOf("getIncidentMethod", "get", "get", "post"))
		properties = append(properties, nullables("getIncidentJson")...)
	}
	properties = append(properties, nullables("createCommentUrl", "createCommentJson")...)
	return strict(append(properties, webhookAuthentication(v)...)...)
}
