package simulator_test

import "slices"

const (
	elasticDocs    = "Elastic's documentation"
	kibanaSource   = "Kibana's source"
	kibanaTests    = "Kibana's own tests"
	kibanaPRs      = "Kibana's issues and pull requests"
	platformScript = "scripts of the platform"
	snSDK          = "ServiceNow's SDK"
	noteArticles   = "ServiceNow's knowledge base"
)

// shown is a statement that tests of the packages below show, each named by its package.
type shown struct{ says, tests string }

// elsewhere makes statements of what other tests show.
func elsewhere(grade, source string, list ...shown) []statement {
	statements := make([]statement, 0, len(list))
	for _, s := range list {
		statements = append(statements, statement{
			id: s.says, grade: grade, source: source, says: s.says, tests: s.tests,
		})
	}
	return statements
}

func recordEvidence() []statement {
	return slices.Concat(
		elsewhere(
			seen,
			measured,
			shown{
				"REST does not enforce the dictionary's mandatory columns; a data policy does, with 403 (a switch has one " +
					"for every table)",
				"servicenow.TestMandatoryColumnsOfADictionary servicenow.TestGuards",
			},
			shown{
				"Refused inserts, updates and deletes are 403 `ACL Exception … Failed due to security constraints`",
				"servicenow.TestErrorEnvelopes servicenow.TestSampleWireBodies",
			},
			shown{
				"A business rule's abort is 403 and names table, rule and stack, and no text of the rule's own",
				"servicenow.TestGuards",
			},
			shown{
				"A field-level write ACL drops its field alone; the answer is 200 and `sys_mod_count` stays",
				"servicenow.TestGuards",
			},
			shown{
				"ISO 8601 times are cut to midnight; `YYYY-MM-DD HH:mm:ss` is kept",
				"servicenow.TestValuesAreStoredByType",
			},
			shown{
				"Role grants may not count until the user's row is written (switch)",
				"servicenow.TestCachedRolesCountWhenTheUserIsTouched",
			},
			shown{
				"A client-credentials token gets 401 where a policy maps other profiles",
				"servicenow.TestMappingOneMethodLocksTheOthersOut",
			},
			shown{
				"Access and refresh tokens of a client live 1,800 and 8,640,000 seconds by default",
				"simulator.TestEvidence/oauth-client-integration",
			},
		),
		elsewhere(
			seen,
			clientCode,
			shown{
				"401 is `User Not Authenticated`, `Required to provide Auth information`",
				"servicenow.TestErrorEnvelopes servicenow.TestSampleWireBodies",
			},
			shown{
				"A list that may not be read is 403 `Insufficient rights to query records`, in two wordings",
				"servicenow.TestErrorEnvelopes servicenow.TestForbiddenCausesAreTold",
			},
			shown{
				"404 is one text for a record that is gone and one that is hidden",
				"servicenow.TestErrorEnvelopes servicenow.TestPagingCountsBeforeACLs",
			},
			shown{"An unknown table is 400 `Invalid table …`", "servicenow.TestErrorEnvelopes"},
			shown{
				"`X-Total-Count` counts before ACLs; some instances count after them (switch)",
				"servicenow.TestPagingCountsBeforeACLs",
			},
			shown{"Unknown columns of a body are ignored", "servicenow.TestTableRecordLifecycle"},
			shown{
				"A page can be empty while more rows follow, since it is cut before ACLs",
				"servicenow.TestPagingCountsBeforeACLs",
			},
			shown{
				"An asleep developer instance answers 200 with a page, on `/oauth_token.do` too",
				"servicenow.TestSampleWireBodies fault.TestPagesBodiesAndTokens",
			},
			shown{
				"`sysparm_exclude_reference_link` makes a reference a bare string; else it is `{link, value}`, and \"\" " +
					"when empty",
				"servicenow.TestDisplayValuesFieldsAndDotWalks servicenow.TestValuesAreStoredByType",
			},
			shown{"A glide list reads as bare comma-separated ids", "servicenow.TestValuesAreStoredByType"},
			shown{
				"`oauth_jwt` extends `oauth_entity`: its rows are seen through both",
				"servicenow.TestInheritanceBetweenTables",
			},
			shown{
				"A `client_id` is generated unless it is given, and secrets that are given work",
				"servicenow.TestJWTBearerGrant servicenow.TestSamplePayloads",
			},
			shown{
				"The user field of a JWT endpoint is a column of `sys_user`: email, user_name, sys_id; `user_id` is none",
				"servicenow.TestJWTRefusals",
			},
			shown{"A JWT for an administrator is refused", "servicenow.TestJWTRefusals"},
			shown{
				"`aud` and `iss` of an assertion are the client id, and a token's URL is refused as `aud`",
				"servicenow.TestJWTRefusals",
			},
			shown{
				"Nearly every failed token request is 401 `server_error`, `access_denied`; the reason is in the log",
				"servicenow.TestJWTRefusals servicenow.TestOtherGrants",
			},
			shown{
				"`jwt_verifier_map` refers to `oauth_jwt` and `sys_certificate`; its `kid` can be given",
				"servicenow.TestSamplePayloads",
			},
			shown{
				"`http_key_auth` is a child of `inbound_auth_profile`, found by `sys_class_name`",
				"servicenow.TestInheritanceBetweenTables servicenow.TestSamplePayloads",
			},
			shown{"An API key's call runs as the key's user", "servicenow.TestAPIKeysPassOnlyWhereAPolicyMapsThem"},
			shown{
				"An API key's token begins with `now_`, is generated, and does not read back",
				"servicenow.TestAPIKeysPassOnlyWhereAPolicyMapsThem servicenow.TestAPIKeyLife",
			},
			shown{"A key's user reads its row by `user=javascript:gs.getUserID()`", "servicenow.TestAPIKeyLife"},
			shown{
				"Mapping one profile to a policy excludes every method that is not mapped",
				"servicenow.TestMappingOneMethodLocksTheOthersOut",
			},
			shown{
				"A grant needs user and role alone; a contained role comes with it",
				"servicenow.TestRolesAreInheritedFromRolesAndGroups",
			},
			shown{
				"`v_plugin.active` reads `active`, on other instances `true` (switch)",
				"servicenow.TestPluginActivationAndItsProgress",
			},
			shown{
				"The dot-walk `configuration.name` works in queries, and a parameter's `value` holds 512 characters",
				"servicenow.TestRapid7Integration",
			},
			shown{
				"`sn_sec_int_impl_config` joins an implementation and a parameter, whose secrets do not read back",
				"servicenow.TestRapid7Integration",
			},
			shown{
				"Three texts have been written as a certificate's `type`; it is not checked",
				"servicenow.TestSamplePayloads",
			},
			shown{
				"PEM needs lines of 64 columns on some instances (switch)",
				"simulator.TestEvidence/certificate-lines",
			},
			shown{"`sysparm_transaction_scope` is taken on POST and PATCH", "servicenow.TestRequestOptions"},
			shown{
				"Inbound events: a listener is found by its source, or by its own header",
				"servicenow.TestEventManagement",
			},
			shown{"A stats request without groups answers `{stats: {count}}`", "servicenow.TestStatsAndBatch"},
		),
		elsewhere(seen, export,
			shown{
				"Columns, types and mandatory columns of `sys_cors_rule`, `sys_certificate`, `sys_api_access_policy`, " +
					"`sys_auth_profile_mapping` and `sys_api_access_scope`", "servicenow.TestSampleDictionaries",
			},
			shown{
				"A CORS rule's domain may be `http://localhost:3000`, and its `rest_api` an id of no row here",
				"servicenow.TestSampleCORSRules",
			},
			shown{
				"`auth_parameter` of an API key profile is a list, mandatory on the form; one id is a list too",
				"servicenow.TestAPIKeysPassOnlyWhereAPolicyMapsThem",
			},
			shown{
				"`target_name` of a privilege is what the list shows, `Glide API: string utilities` included",
				"servicenow.TestSecOpsImportAndObservables servicenow.TestElasticImportNeedsEveryPrivilege",
			},
			shown{
				"An application brings its tables, roles, APIs and `sys_store_app` row",
				"servicenow.TestApplicationsBringTheirAPIsTablesAndRoles servicenow.TestApplicationInstallation",
			},
		),
		elsewhere(
			documented,
			manual,
			shown{
				"POST answers 201 with `Location`, DELETE 204 without a body, PUT and PATCH 200",
				"servicenow.TestTableRecordLifecycle",
			},
			shown{
				"A list has `Link` and `X-Total-Count`; `X-no-response-body`, `X-http-method-override` and " +
					"`sysparm_no_count` are honoured",
				"servicenow.TestPagingCountsBeforeACLs servicenow.TestRequestOptions",
			},
			shown{"A list of the first version of the API without a match is 404", "servicenow.TestErrorEnvelopes"},
			shown{"Filters by name and value count only without `sysparm_query`", "servicenow.TestRequestOptions"},
			shown{
				"Unknown fields in `sysparm_fields` are ignored; display values, both and links by parameter",
				"servicenow.TestDisplayValuesFieldsAndDotWalks",
			},
			shown{
				"`sysparm_input_display_value` resolves names and labels in every column of the request",
				"servicenow.TestInputDisplayValueResolvesEveryColumn",
			},
			shown{
				"An invalid part of a query is dropped, unless `glide.invalid_query.returns_no_rows` is true",
				"servicenow.TestEncodedQueries servicenow.TestInvalidQueriesCanReturnNothing",
			},
			shown{
				"429 has `Retry-After` and says which limit was exceeded",
				"servicenow.TestSampleWireBodies fault.TestRateLimit",
			},
			shown{
				"A batch answers each request in base64 with its status, in order",
				"servicenow.TestStatsAndBatch",
			},
			shown{"Grouped statistics list their groups", "servicenow.TestStatsAndBatch"},
			shown{
				"Grants of `/oauth_token.do`: password, refresh token, client credentials, JWT bearer; a form, not JSON",
				"servicenow.TestOtherGrants servicenow.TestJWTBearerGrant servicenow.TestJWTRefusals",
			},
			shown{
				"The JWT grant has no refresh token, and `expires_in` is a number",
				"servicenow.TestJWTBearerGrant servicenow.TestSampleWireBodies",
			},
			shown{"A `jti` serves once while its verification is on", "servicenow.TestJWTRefusals"},
			shown{
				"RS and, from Zurich on, ES sign assertions; other methods do not",
				"servicenow.TestAlgorithmsByRelease",
			},
			shown{
				"A key passes by header or query parameter, as the profile's parameters say",
				"servicenow.TestAPIKeysPassOnlyWhereAPolicyMapsThem servicenow.TestAPIKeySendsEventsByQueryParameter",
			},
			shown{
				"A key without a policy that maps it passes nowhere",
				"servicenow.TestAPIKeysPassOnlyWhereAPolicyMapsThem",
			},
			shown{
				"Keys do not pass by a Global policy, and a policy of an API beats the Global one",
				"servicenow.TestGlobalPolicies",
			},
			shown{"An expired key is refused, and deleted seven days later", "servicenow.TestAPIKeyLife"},
			shown{"Auth scopes narrow what a key opens", "servicenow.TestNarrowAuthScopes"},
			shown{
				"`issuer`, `subject`, validity and days left of a certificate are computed; at least 20 days of warning, and " +
					"somebody to notify, are filled in", "servicenow.TestCertificatesAreDecoded",
			},
			shown{"A CORS domain takes one `*`, directly after `://`", "servicenow.TestCORS"},
			shown{
				"A CORS rule lets its origin, methods and API in and no other",
				"servicenow.TestCORS simulator.TestBrowserNeedsTheCORSRule",
			},
			shown{
				"Role management of version 2 keeps one row per user and role with `inh_count`; the older one a row per " +
					"grant (switch)",
				"servicenow.TestRolesAreInheritedFromRolesAndGroups servicenow.TestGrantingAnInheritedRole",
			},
			shown{
				"`POST …/plugin/{id}/activate` and `…/app_repo/install` queue a job; `…/progress/{id}` goes from Pending to an " +
					"end", "servicenow.TestPluginActivationAndItsProgress servicenow.TestApplicationInstallation",
			},
			shown{
				"CI/CD needs `sn_cicd.sys_ci_automation` or admin; 403, 404 and 405 otherwise",
				"servicenow.TestPluginActivationAndItsProgress",
			},
			shown{
				"A push connector's `url` is filled in; events need `evt_mgmt_integration`", "servicenow.TestEventManagement",
			},
			shown{
				"Event connectors live below `/api/sn_em_connector`, `/api/mid` and `/api/global/em`",
				"servicenow.TestEventManagement",
			},
			shown{
				"A web service's path is namespace and API id, and `default_version` says that there is none",
				"simulator.TestEvidence/web-service-path",
			},
		),
		elsewhere(documented, platformScript,
			shown{
				"`em_connector_instance` has host, credential and definition, and its values a table of their own",
				"simulator.TestEvidence/event-tables",
			},
		),
		elsewhere(
			documented,
			snSDK,
			shown{
				"The SDK logs in by a form, a session's cookie and its token",
				"servicenow.TestSessionsNeedTheirToken",
			},
			shown{
				"Operators of encoded queries, `^`, `^OR`, `^NQ` and ORDERBY",
				"servicenow.TestEncodedQueries servicenow.TestOperatorsOfConditionBuilders",
			},
			shown{
				"`sys_user_role.suffix` follows the name, and a name a suffix",
				"servicenow.TestNamesFollowSuffixAndLabel",
			},
		),
		elsewhere(documented, elasticDocs,
			shown{
				"The six privileges of Elastic's ITSM application, each of which its import needs",
				"servicenow.TestElasticImportNeedsEveryPrivilege servicenow.TestElasticImportInsertsAndUpdates",
			},
			shown{"The fourteen of its SecOps application", "servicenow.TestSecOpsImportAndObservables"},
			shown{"The roles that its import needs", "servicenow.TestElasticImportNeedsEveryRole"},
			shown{
				"Health, import set and observables of both applications",
				"servicenow.TestSampleUpstream servicenow.TestSecOpsImportAndObservables",
			},
			shown{
				"The store id of the ITSM application installs it", "servicenow.TestApplicationInstallation",
			},
		),
	)
}

func connectorEvidence() []statement {
	return slices.Concat(
		elsewhere(
			documented,
			elasticDocs,
			shown{
				"The legacy routes: `/api/action` up to 7.7, `/api/actions/action` from 7.8 to 8.x, in camelCase",
				"kibana.TestLegacyRoutes kibana.TestSamples/legacy_7_7_create_servicenow",
			},
			shown{
				"Mappings stood in connectors until 7.9, under two names, and case settings have them since",
				"kibana.TestLegacyRoutes kibana.TestUpgradeMigratesWhatIsStored " +
					"kibana.TestSamples/legacy_7_9_create_servicenow",
			},
			shown{
				"Basic and `ApiKey` authorization; a writing request needs `kbn-xsrf`",
				"kibana.TestCredentialsAndHeaders",
			},
			shown{
				"`GET /api/status` tells no version to the anonymous", "kibana.TestStatusTellsTheVersionToUsersOnly",
			},
			shown{
				"Elastic Cloud and serverless answer the status otherwise (switch)",
				"kibana.TestStatusOfHostedKibanas",
			},
			shown{
				"`xpack.actions.allowedHosts` and `enabledActionTypes`",
				"kibana.TestRefusedBodies kibana.TestLicenceAndEnabledTypes kibana.TestHostsOfMailAndHooks",
			},
			shown{
				"Preconfigured connectors are in every space, keep their config to themselves unless `exposeConfig`, and " +
					"cannot be changed", "kibana.TestPreconfiguredAndSystemConnectors",
			},
			shown{"Everything lives below `server.basePath`", "kibana.TestEverythingLivesBelowTheBasePath"},
			shown{"A push of a case answers `external_service`", "kibana.TestSamples/cases_push_response"},
			shown{
				"Case settings as the API's examples show them",
				"kibana.TestSamples/cases_configure_create kibana.TestSamples/cases_configure_get " +
					"kibana.TestSamples/cases_configure_patch kibana.TestSamples/cases_configure_find_connectors",
			},
			shown{"A connector list as the API's example shows it", "kibana.TestSamples/connectors_list"},
		),
		elsewhere(
			documented,
			kibanaTests,
			shown{
				"Every path takes `/s/{space}`; another space's connector is 404", "kibana.TestSpacesAreApart",
			},
			shown{
				"A create answers 200, a delete 204 without a body, a failed run 200",
				"kibana.TestConnectorLifeCycle kibana.TestSamples/connector_api_errors",
			},
			shown{
				"Refusals of create, update, delete and run, word by word", "kibana.TestSamples/connector_api_errors",
			},
			shown{"Blank strings anywhere in name, config and secrets are refused", "kibana.TestRefusedBodies"},
			shown{"An id of a preconfigured connector is refused", "kibana.TestClientChosenIDs"},
			shown{"Without privilege it is 403, even for an id that does not exist", "kibana.TestPrivileges"},
			shown{
				"Creates of ITSM, SecOps, ITOM, Jira, Resilient and Swimlane, with what comes back",
				"kibana.TestSamples/servicenow_itsm_create_basic kibana.TestSamples/servicenow_itsm_create_oauth " +
					"kibana.TestSamples/servicenow_itom_create_and_errors_v8 kibana.TestSamples/jira_create_execute_errors " +
					"kibana.TestSamples/resilient_create_execute_errors kibana.TestSamples/swimlane_create_execute_errors",
			},
			shown{
				"Three generations of wording for one fault, by release and connector type",
				"kibana.TestThreeGenerationsOfWording kibana.TestSamples/servicenow_create_errors_v9",
			},
			shown{
				"`usesTableApi` is true where it is left out, and the connector deprecated",
				"kibana.TestConnectorLifeCycle",
			},
			shown{
				"The text of a key is not checked when it is stored",
				"kibana.TestSamples/servicenow_itsm_create_oauth",
			},
			shown{
				"A key that is none, or a wrong passphrase, fails the run with `Unable to generate JWT token`",
				"kibana.TestOAuthKeys",
			},
			shown{
				"Runs of pushToService, getChoices, getFields and closeIncident, and their faults",
				"kibana.TestSamples/servicenow_itsm_execute kibana.TestReadOnlySubActions kibana.TestCloseIncident " +
					"kibana.TestInvalidParamsOfEachRelease",
			},
			shown{
				"Mappings follow the connector's type",
				"kibana.TestSamples/case_mappings_by_type kibana.TestMappingsFollowTheConnectorType",
			},
			shown{
				"A case's settings take a connector that does not exist, refuse unknown fields of one, and any for `.none`",
				"kibana.TestCaseSettingsLifeCycle kibana.TestRefusedCaseSettings kibana.TestCaseSettingsAreRefusedInKibanasWords",
			},
			shown{"A stale version is 409, an unknown id or another space 404", "kibana.TestCaseSettingsLifeCycle"},
			shown{
				"What Kibana's stand-in of ServiceNow answers, the instance answers",
				"servicenow.TestSampleUpstream",
			},
		),
		elsewhere(
			documented,
			kibanaSource,
			shown{
				"The order of checks: privilege, preconfigured, stored, config, secrets, both, licence",
				"kibana.TestRefusedBodies kibana.TestLicenceAndEnabledTypes kibana.TestPrivileges",
			},
			shown{"Secrets never come back; `config` comes back whole with nulls", "kibana.TestConnectorLifeCycle"},
			shown{"A PUT replaces all of config and secrets", "kibana.TestConnectorLifeCycle"},
			shown{"An import marks `is_missing_secrets`, which a PUT ends", "kibana.TestChangesBehindTerraformsBack"},
			shown{
				"Licence levels of connector types; too low and expired are 403",
				"kibana.TestLicenceLevelsOfEveryType kibana.TestLicenceAndEnabledTypes",
			},
			shown{
				"OAuth values and basic ones exclude each other, told in this order", "kibana.TestRefusedBodies",
			},
			shown{
				"`.servicenow-itom` has no `usesTableApi`", "kibana.TestRefusedBodies kibana.TestEvidence",
			},
			shown{
				"Swimlane's mappings are kept with nulls; which ones a type needs is the form's to say",
				"kibana.TestSwimlane",
			},
			shown{
				"What `.email`, `.slack`, PagerDuty, Teams, Opsgenie, xMatters and webhooks demand",
				"kibana.TestWhatOtherConnectorTypesDemand kibana.TestCaseWebhooksAreStoredWithDefaults",
			},
			shown{
				"`getIncident` answers `{}`, and `handshake` is not implemented", "kibana.TestReadOnlySubActions",
			},
			shown{
				"A push asks for health, posts to the import set and reads the incident; by Table API it posts and reads",
				"kibana.TestPushByImportSet kibana.TestPushByTableAPI",
			},
			shown{
				"At most 20 additional fields, none that repeats an attribute, none by Table API",
				"kibana.TestInvalidParams kibana.TestPushByTableAPI",
			},
			shown{"SecOps observables are lists of addresses, hashes and URLs", "kibana.TestSecOpsObservables"},
			shown{"ITOM events go to `/api/global/em/jsonv2`", "kibana.TestITOMEvents"},
			shown{
				"Faults of the instance and of the network, word by word",
				"kibana.TestFaultsOfTheInstance kibana.TestFaultsOfTheNetwork",
			},
			shown{
				"Assertions are RS256 with `kid`, `aud` and `iss` the client id, no `jti`, an hour's `exp`",
				"kibana.TestOAuthKeys kibana.TestOAuthTokenIsKeptUntilItLapsesOrIsDoubted",
			},
			shown{
				"A token is kept until it lapses, a 4xx comes, or the connector is written",
				"kibana.TestOAuthTokenIsKeptUntilItLapsesOrIsDoubted",
			},
			shown{"Keys may be PKCS#1 or PKCS#8, encrypted or not, and RSA of 2,048 bits", "kibana.TestOAuthKeys"},
			shown{
				"Jira, Resilient and Swimlane have sub-actions of their own",
				"kibana.TestJira kibana.TestResilient kibana.TestSwimlane",
			},
			shown{
				"One configuration of cases for an owner and space; a POST replaces it",
				"kibana.TestCaseSettingsLifeCycle",
			},
			shown{"A PATCH that leaves templates out empties them (switch)", "kibana.TestAPatchAndTheTemplates"},
			shown{
				"Custom fields, their limits and types; a type does not change",
				"kibana.TestCaseSettingsAreRefusedInKibanasWords " +
					"kibana.TestRefusedCaseSettings",
			},
			shown{"With close-by-pushing a push closes the case", "kibana.TestCasesArePushed"},
			shown{
				"A push tells `correlation_id` the case and `correlation_display` Elastic Case", "kibana.TestCasesArePushed",
			},
			shown{"A space that does not exist stops no request (switch)", "kibana.TestASpaceThatDoesNotExist"},
			shown{
				"Deprecated means that `usesTableApi` is missing or true",
				"kibana.TestPreconfiguredAndSystemConnectors",
			},
			shown{"An upgrade migrates what is stored", "kibana.TestUpgradeMigratesWhatIsStored"},
			shown{"A connector's id is unique in all spaces; one that is taken is 409", "kibana.TestClientChosenIDs"},
			shown{"OAuth and `usesTableApi` are unknown keys before 8.3 and 7.16", "kibana.TestKeysByVersion"},
		),
		elsewhere(documented, kibanaPRs,
			shown{"Legacy routes are gone in 9.0", "kibana.TestLegacyRoutes"},
			shown{
				"Ids can be chosen from 8.8 on, readable ones from 9.4 on", "kibana.TestWhichConnectorIDsEachReleaseTakes",
			},
		),
	)
}

// leftOut is what the references say of servers and no test asks the simulator, with the reason.
func leftOut() [][2]string {
	return [][2]string{
		{
			"What forms show: labels, UI actions, the false CORS error, the registry's deprecation note",
			"no request shows it",
		},
		{"Which update set a write by REST goes to", "update sets are left out"},
		{"`sysparm_view`, `sysparm_query_category`, `sysparm_query_no_domain`", "taken and without effect"},
		{"Headers `X-RateLimit-*`", "the limit is a fault; it can be given headers"},
		{"CI/CD rollback and batch installation", "left out: 400"},
		{"`sys_plugins`", "one client reads it, another gets 403; left out: 400"},
		{"`xpack.actions` settings of proxies, TLS, limits and retries", "no request sets them"},
		{"Whether `sn_chg_rest` words an abort otherwise", "that API is left out"},
		{"Two PUTs at once of one connector", "the simulator carries out one after the other"},
		{"What Terraform, its libraries and linters do", "no server does it"},
	}
}
