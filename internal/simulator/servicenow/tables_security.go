package servicenow

var (
	oauthAdmins = []string{"oauth_admin", "mi_admin"}
	apiAdmins   = []string{"api_service_admin"}
	// policyAdmins: the documentation of inbound authentication names both roles together. That one of them reads is an
	// assumption.
	policyAdmins = Access{
		Read:  []string{"api_service_admin", "adaptive_auth_policy_admin"},
		Write: []string{"api_service_admin+adaptive_auth_policy_admin"},
	}
)

// securityTables hold what lets others in: CORS, certificates, OAuth, inbound authentication.
var securityTables = []Table{
	{Name: "sys_cors_rule", Label: "CORS Rule", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), str("domain", 255).required(),
		// A choice column whose value is the sys_id of the API: a bare string in JSON.
		choice("rest_api", "").label("REST API").required(),
		boolean("use_resource_path", "false"), str("resource_path", 255).label("Web Resource Path"),
		boolean("get", "false"), boolean("post", "false"), boolean("put", "false"), boolean("patch", "false"),
		boolean("delete", "false"), integer("max_age", "0"),
		boolean("access_control_allow_credentials", "false"), str("access_control_allow_headers", 1000),
		str("exposed_headers", 1000).label("Access-Control-Expose-Headers"), boolean("for_embeddables", "false"),
		boolean("active", "true"),
	}, Access: both("cors_rule_admin", "web_service_admin")},

	{Name: "sys_certificate", Label: "X.509 Certificate", Columns: []Column{
		str("name", 100).required(),
		choice("frequency", "daily", "daily", "Daily", "weekly", "Weekly", "monthly", "Monthly").required(),
		choice("type", "trust_store_cert", "trust_store_cert", "Trust Store Cert", "key_store", "Java Key Store",
			"pkcs12_key_store", "PKCS12 Key Store").textual(),
		choice("format", "PEM", "PEM", "PEM", "DER", "DER").textual(),
		str("pem_certificate", 8000).label("PEM Certificate"), col("key_store_password", Password2).length(255),
		str("short_description", 160), boolean("active", "true"), boolean("expiration_notification", "false"),
		integer("warn_in_days_to_expire", ""), list("notify_on_expiration", "sys_user"),
		list("notify_groups", "sys_user_group").label("Groups to notify"),
		str("issuer", 1000).computed(), str("subject", 1000).computed(), str("serial_number", 255).computed(),
		col("valid_from", DateTime).computed(), col("expires", DateTime).computed(),
		integer("expires_in_days", "").computed(),
	}, Access: Access{}},

	{Name: "oauth_entity", Label: "Application Registry", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), str("client_id", 100).label("Client ID"),
		col("client_secret", Password2).length(255),
		choice("type", "client", "client", "OAuth Client", "oauth_provider", "OAuth Provider",
			"snc_instance", "ServiceNow Instance", "auth_server", "Authorization Server"),
		choice("access", "public", "public", "All application scopes", "package_private",
			"This application scope only").
			label("Accessible from"),
		boolean("active", "true"), integer("access_token_lifespan", "1800"),
		integer("refresh_token_lifespan", "8640000"),
		integer("auth_code_lifespan", "60"), integer("id_token_lifespan", "0"),
		choice("inbound_grant_type", "", "jwt", "JWT Bearer", "oidc", "OIDC", "authz_code", "Authorization Code",
			"client_credential", "Client Credential", "client_credentials", "Client Credentials",
			"ropc", "Resource Owner Password Credential", "internal",
			"Internal",
			"multiple", "Multiple", "default", "Default", "not_applicable", "Not Applicable", "uncertain", "Uncertain"),
		choice("default_grant_type", "", "authorization_code", "Authorization Code",
			"client_credentials", "Client Credentials", "password", "Resource Owner Password Credentials",
			"urn:ietf:params:oauth:grant-type:jwt-bearer", "JWT Bearer").length(100),
		boolean("public_client", "false"),
		choice("token_format", "opaque", "opaque", "Opaque", "jwt", "JWT"),
		choice("scope_restriction_status", "", unrestricted, "Broadly scoped", restricted, "Securely scoped",
			useraccountName, "Useraccount scoped").label("Scope Restriction").length(100).since(Yokohama),
		choice("client_type", "", "integration_as_a_user", "Integration as a User",
			"integration_as_a_service", "Integration as a Service"),
		choice("send_client_credentials_as", "", "request_body_parameter", "As Request Body Parameter",
			"basic_authorization_header", "As Basic Authorization Header"),
		ref("user", "sys_user").label("OAuth Application User"), str("sub_claim", 80),
		str("redirect_url", 1024), str("logo_url", 1024), str("auth_url", 1024), str("token_url", 1024),
		str("revoke_token_url", 1024), str("comments", 1000), boolean("use_mutual_auth", "false"),
	}, Access: both(oauthAdmins...)},
	{Name: "oauth_jwt", Label: "OAuth JWT application", Extends: "oauth_entity", Columns: []Column{
		str("user_field", 80), boolean("enable_jti_verification", "true"),
		str("jti_claim", 80).withDefault("jti").since(Zurich),
		// The docs give 300 on the form's page and 0 on the newer console's; the form is what scripts reproduce.
		integer("clock_skew", "300"), str("jwks_url", 1024).label("JWKS URL").since(Zurich),
		integer("jwks_cache_lifespan", "720").since(Zurich),
	}},
	{Name: "oauth_oidc_entity", Label: "OIDC entity", Extends: "oauth_entity"},
	// What scripts of several vendors write beside a client; nothing here reads it.
	{Name: "oauth_entity_profile", Label: "OAuth Entity Profile", Extends: metadataTable, Columns: []Column{
		str("name", 100), ref("oauth_entity", "oauth_entity"), str("grant_type", 100), boolean("default", "false"),
		ref("jwt_provider", "jwt_provider"),
	}, Access: both(oauthAdmins...)},
	{Name: "oauth_entity_scope", Label: "OAuth Entity Scope", Extends: metadataTable, Columns: []Column{
		str("name", 100), ref("oauth_entity", "oauth_entity"), str("oauth_entity_scope", 255).label("OAuth scope"),
	}, Access: both(oauthAdmins...)},
	{Name: "oauth_entity_profile_scope", Label: "OAuth Entity Profile Scope", Extends: metadataTable, Columns: []Column{
		ref("oauth_entity_profile", "oauth_entity_profile"), ref("oauth_entity_scope", "oauth_entity_scope"),
	}, Display: "sys_id", Access: both(oauthAdmins...)},
	{Name: "jwt_verifier_map", Label: "JWT Verifier Map", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), ref("oauth_jwt", "oauth_jwt").required(),
		ref("sys_certificate", "sys_certificate"),
		str("kid", 100).label("Key ID"), col("shared_key", Password2).length(255),
	}, Access: both(oauthAdmins...)},

	{Name: "sys_auth_scope", Label: "Auth Scope", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), str("description", 1000),
	}, Access: both(apiAdmins...)},
	{Name: "oauth_entity_auth_scope_mapping", Label: "OAuth Auth Scope", Extends: metadataTable, Columns: []Column{
		ref("oauth_entity", "oauth_entity").required(), ref("auth_scope", "sys_auth_scope").required(),
	}, Display: "sys_id", Access: both(oauthAdmins...)},
	{Name: "sys_token_auth_parameter", Label: "Auth Parameter", Extends: metadataTable, Columns: []Column{
		str("parameter_name", 100).required(), str("name", 100).label("Internal Name"), str("prefix", 40),
		choice("type", "auth_header", "auth_header", "Auth Header", queryParameterType, "Query Parameter").required(),
		str("description", 1000),
	}, Access: policyAdmins},
	{Name: "inbound_auth_profile", Label: "Inbound Authentication Profile", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), str("description", 1000), boolean("active", "true"),
		boolean("auth_processor", "false").label("Apply to all none public processors"),
	}, Access: policyAdmins},
	{
		Name: "http_key_auth", Label: "Http Authentication Profile Using API Key", Extends: "inbound_auth_profile",
		Columns: []Column{list("auth_parameter", "sys_token_auth_parameter").required()},
	},
	{
		Name: "std_http_auth", Label: "Standard Http Authentication Profile", Extends: "inbound_auth_profile",
		// Only basic_auth is known from the wire; the other labels are the form's, their values inferred.
		Columns: []Column{
			choice("type", "basic_auth", "basic_auth", "Basic Auth", "id_token", "ID Token",
				"certificate", "Certificate based Auth", "oauth", "OAuth").required(),
			ref("oauth_entity", "oauth_entity"),
		},
	},
	{
		Name: "http_hmac_auth", Label: "HMAC Authentication Profile", Extends: "inbound_auth_profile",
		Columns: []Column{list("auth_parameter", "sys_token_auth_parameter")},
	},
	{Name: "api_key", Label: "REST API Key", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), str("description", 1000), boolean("active", "true"),
		ref("user", "sys_user").required(),
		col("expires", DateTime), list("auth_scope", "sys_auth_scope"), col("token", Password2).length(255),
		str("token_hash", 255).computed(), str("source", 40).withDefault("global").computed(),
	}, Access: both(apiAdmins...)},
	{Name: "sys_api_access_policy", Label: "REST API Access Policy", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), boolean("active", "true"), choice("api", "").label("REST API"),
		str("api_path", 255).label("REST API PATH").computed(),
		choice("http_method", "", "GET", "GET", "POST", "POST", "PUT", "PUT", "PATCH", "PATCH", "DELETE", "DELETE"),
		choice("version", "", "v1", "v1", "v2", "v2", "latest", "latest"), choice("api_resource", "").length(255),
		list("api_tablename", "sys_db_object"), boolean("apply_global", "false").label("Global"),
		boolean("apply_all", "false"), boolean("apply_all_methods", "false"), boolean("apply_all_resources", "false"),
		boolean("apply_all_versions", "false"), boolean("apply_all_tables", "false"),
		boolean("all_authn_scheme_authenticate_header", "false").label("Advertise all auth schemes"),
	}, Access: policyAdmins},
	{Name: "sys_auth_profile_mapping", Label: "Auth Profile Mapping", Extends: metadataTable, Columns: []Column{
		ref("api_access_policy", "sys_api_access_policy").required(),
		ref("inbound_auth_profile", "inbound_auth_profile").required(),
	}, Display: "sys_id", Access: policyAdmins},
	{Name: "sys_api_access_scope", Label: "API Access Scope", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), boolean("active", "true"), choice("api", "").required(),
		ref("auth_scope", "sys_auth_scope").required(), str("api_path", 255).computed(), choice("http_method", ""),
		choice("version", ""), choice("api_resource", "").length(255), boolean("apply_all_methods", "false"),
		boolean("apply_all_resources", "false"), boolean("apply_all_versions", "false"),
		boolean("disable_client_restriction", "false").computed(), // an ACL locks it
	}, Access: both(apiAdmins...)},
}

// queryParameterType is inferred: only the label of the query variant has been seen.
const queryParameterType = "query_parameter"

func both(roles ...string) Access { return Access{Read: roles, Write: roles} }

func (c Column) withDefault(value string) Column { c.Default = value; return c }
