# One resource of every type, with what it needs. TestStatesOfReleases plans this over the state beside it.

terraform {
  required_providers {
    servicenow = {
      source = "seed-e98ff420/servicenow"
    }
  }
}

data "servicenow_application" "elastic" {
  scope = "x_elas2_inc_int"
}

data "servicenow_rest_api" "elastic" {
  base_path = "/api/x_elas2_inc_int/elastic_api"
}

data "servicenow_auth_parameter" "header" {
  parameter_name = "x-sn-apikey"
  type           = "auth_header"
}

data "servicenow_auth_scope" "account" {
  name = "useraccount"
}

data "servicenow_role" "loader" {
  name = "import_set_loader"
}

data "servicenow_security_integration_definition" "rapid7" {
  name = "Rapid7 InsightVM Integration"
}

resource "servicenow_plugin" "x" {
  plugin_id = "com.glide.tokenbased_auth"
}

resource "servicenow_store_application" "x" {
  scope = "sn_vul_r7"
}

resource "servicenow_user" "x" {
  user_name               = "state.integration"
  first_name              = "State"
  web_service_access_only = true
  password_wo             = "a password of the fixture"
}

resource "servicenow_role" "x" {
  name        = "x_state.reader"
  description = "Reads"
}

resource "servicenow_user_role" "x" {
  user_id = servicenow_user.x.id
  role_id = data.servicenow_role.loader.id
}

resource "servicenow_group" "x" {
  name        = "State"
  description = "Keeps states"
  manager_id  = servicenow_user.x.id
}

resource "servicenow_group_member" "x" {
  group_id = servicenow_group.x.id
  user_id  = servicenow_user.x.id
}

resource "servicenow_group_role" "x" {
  group_id = servicenow_group.x.id
  role_id  = servicenow_role.x.id
}

resource "servicenow_cors_rule" "x" {
  name          = "State"
  domain        = "https://kibana.example.com"
  rest_api_id   = data.servicenow_rest_api.elastic.id
  http_methods  = ["GET", "POST"]
  allow_headers = ["Authorization"]
  max_age       = 60
}

resource "servicenow_cross_scope_privilege" "x" {
  source_scope_id = data.servicenow_application.elastic.id
  target_scope_id = "global"
  target_type     = "sys_db_object"
  target_name     = "incident"
  operation       = "read"
}

resource "servicenow_certificate" "x" {
  name            = "State"
  pem_certificate = file("state.crt")
}

resource "servicenow_oauth_jwt_endpoint" "x" {
  name                    = "State"
  user_field              = "user_name"
  client_secret_wo        = "a client secret of the fixture"
  enable_jti_verification = false
}

resource "servicenow_jwt_verifier_map" "x" {
  name                  = "State"
  oauth_jwt_endpoint_id = servicenow_oauth_jwt_endpoint.x.id
  certificate_id        = servicenow_certificate.x.id
}

resource "servicenow_oauth_client" "x" {
  name                     = "State client"
  user_id                  = servicenow_user.x.id
  client_secret_wo         = "another secret of the fixture"
  client_secret_wo_version = 3
}

resource "servicenow_auth_scope" "x" {
  name        = "state"
  description = "Of the fixture"
}

resource "servicenow_rest_api_auth_scope" "x" {
  name          = "State"
  auth_scope_id = servicenow_auth_scope.x.id
  rest_api_id   = data.servicenow_rest_api.elastic.id
  http_method   = "get"
}

resource "servicenow_auth_parameter" "x" {
  parameter_name = "x-state"
  type           = "auth_header"
}

resource "servicenow_api_key_auth_profile" "x" {
  name               = "State: keys"
  auth_parameter_ids = [data.servicenow_auth_parameter.header.id]
}

resource "servicenow_http_auth_profile" "x" {
  name = "State: basic"
}

resource "servicenow_rest_api_key" "x" {
  name           = "State"
  user_id        = servicenow_user.x.id
  auth_scope_ids = [data.servicenow_auth_scope.account.id]
  expires_at     = "2099-12-31T00:00:00Z"
}

resource "servicenow_rest_api_access_policy" "x" {
  name             = "State"
  rest_api_id      = data.servicenow_rest_api.elastic.id
  auth_profile_ids = [servicenow_api_key_auth_profile.x.id, servicenow_http_auth_profile.x.id]
}

resource "servicenow_event_connector" "x" {
  name            = "State"
  source          = "state"
  header_name     = "x-state"
  header_value_wo = "a header of the fixture"
}

resource "servicenow_event_connector_instance" "x" {
  name               = "State"
  event_connector_id = servicenow_event_connector.x.id
}

resource "servicenow_security_integration" "x" {
  name                 = "State"
  integration_id       = data.servicenow_security_integration_definition.rapid7.id
  parameters           = { insightvm_region = "us.api.insight.rapid7.com" }
  secret_parameters_wo = { api_key = "a key of the fixture" }
}

resource "servicenow_system_property" "x" {
  name  = "state.example"
  value = "1"
}

resource "servicenow_record" "x" {
  table            = "sys_properties"
  values           = { name = "state.record", value = "true" }
  computed_columns = ["sys_class_name"]
}

resource "servicenow_kibana_itsm_connector" "x" {
  name    = "State: ITSM"
  api_url = "https://dev12345.service-now.com"

  basic_auth = {
    username_wo = "state.integration"
    password_wo = "a password of the fixture"
  }
}

resource "servicenow_kibana_secops_connector" "x" {
  name                   = "State: SecOps"
  api_url                = "https://dev12345.service-now.com"
  credentials_wo_version = 1

  basic_auth = {
    username_wo = "state.integration"
    password_wo = "a password of the fixture"
  }
}

resource "servicenow_kibana_itom_connector" "x" {
  name    = "State: ITOM"
  api_url = "https://dev12345.service-now.com"

  basic_auth = {
    username_wo = "state.integration"
    password_wo = "a password of the fixture"
  }
}

resource "servicenow_kibana_jira_connector" "x" {
  name         = "State: Jira"
  api_url      = "https://example.atlassian.net"
  project_key  = "SEC"
  email_wo     = "state@example.com"
  api_token_wo = "a token of the fixture"
}

resource "servicenow_kibana_resilient_connector" "x" {
  name              = "State: Resilient"
  api_url           = "https://resilient.example.com"
  organization_id   = "201"
  api_key_id_wo     = "state"
  api_key_secret_wo = "a secret of the fixture"
}

resource "servicenow_kibana_swimlane_connector" "x" {
  name           = "State: Swimlane"
  api_url        = "https://swimlane.example.com"
  application_id = "a"
  connector_type = "alerts"
  api_token_wo   = "a token of the fixture"

  mappings = {
    rule_name = { id = "r", key = "rule-name", name = "Rule", field_type = "text" }
    alert_id  = { id = "a", key = "alert-id", name = "Alert", field_type = "text" }
  }
}

resource "servicenow_kibana_connector" "x" {
  name              = "State: webhook"
  connector_type_id = ".webhook"
  config            = jsonencode({ url = "https://hooks.example.com", method = "post" })
  secrets_wo        = jsonencode({ user = "state", password = "a password of the fixture" })
}

resource "servicenow_kibana_case_settings" "x" {
  closure_type = "close-by-pushing"
  connector_id = servicenow_kibana_itsm_connector.x.connector_id
}
