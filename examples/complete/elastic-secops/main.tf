# Everything that Elastic's ServiceNow SecOps connector needs on both sides, with OAuth (JWT) instead of a password.
#
# Credentials come from the environment: SERVICENOW_USERNAME and SERVICENOW_PASSWORD (or another method of the provider)
# for ServiceNow, KIBANA_API_KEY (or KIBANA_USERNAME and KIBANA_PASSWORD) for Kibana.
provider "servicenow" {
  instance_url = var.servicenow_url

  kibana = {
    url      = var.kibana_url
    space_id = var.kibana_space_id
  }
}

# The store application "Elastic for SecOps" brings the import set table, the roles and the REST API used below.
data "servicenow_elastic_application" "secops" {
  app = "secops"

  lifecycle {
    postcondition {
      condition     = self.installed
      error_message = "Elastic for SecOps is not installed: get it from the ServiceNow Store, or with servicenow_store_application."
    }
  }
}

data "servicenow_application" "elastic" {
  scope = "x_elas2_sir_int"

  depends_on = [data.servicenow_elastic_application.secops]
}

# The applications whose tables it reads and writes: Security Incident Response and Threat Intelligence Support Common.
data "servicenow_application" "target" {
  for_each = toset([
    for privilege in provider::servicenow::elastic_privileges("secops") :
    privilege.target_scope if privilege.target_scope != "global"
  ])

  scope = each.value
}

# Cross-scope privileges: the application reads and writes outside its own scope.
resource "servicenow_cross_scope_privilege" "elastic" {
  for_each = {
    for privilege in provider::servicenow::elastic_privileges("secops") :
    "${privilege.target_name}:${privilege.operation}" => privilege
  }

  source_scope_id = data.servicenow_application.elastic.id
  target_scope_id = each.value.target_scope == "global" ? "global" : data.servicenow_application.target[each.value.target_scope].id
  target_type     = each.value.target_type
  target_name     = each.value.target_name
  operation       = each.value.operation
}

# The user that security incidents are created as.
resource "servicenow_user" "integration" {
  user_name               = var.integration_user_name
  first_name              = "Elastic"
  last_name               = "Integration"
  web_service_access_only = true
}

data "servicenow_role" "elastic" {
  for_each = toset(provider::servicenow::elastic_roles("secops"))

  name = each.value

  depends_on = [data.servicenow_elastic_application.secops]
}

resource "servicenow_user_role" "integration" {
  for_each = data.servicenow_role.elastic

  user_id = servicenow_user.integration.id
  role_id = each.value.id
}

# The connector's form asks the application from the browser whether it is installed, hence the CORS rule.
data "servicenow_rest_api" "elastic" {
  base_path = "/api/x_elas2_sir_int/elastic_api"

  depends_on = [data.servicenow_elastic_application.secops]
}

resource "servicenow_cors_rule" "kibana" {
  name         = var.name
  domain       = var.kibana_url
  rest_api_id  = data.servicenow_rest_api.elastic.id
  http_methods = ["GET"]
}

# OAuth: Kibana signs a JWT with the private key, ServiceNow verifies it with the certificate and answers with a token.
resource "servicenow_certificate" "kibana" {
  name                   = var.name
  pem_certificate        = var.certificate
  warn_in_days_to_expire = 30
}

resource "servicenow_oauth_jwt_endpoint" "kibana" {
  name             = var.name
  user_field       = "user_name"
  client_secret_wo = var.client_secret

  # Kibana's assertions carry no "jti" claim, and ServiceNow selects its verification by default.
  enable_jti_verification = false
}

resource "servicenow_jwt_verifier_map" "kibana" {
  name                  = var.name
  oauth_jwt_endpoint_id = servicenow_oauth_jwt_endpoint.kibana.id
  certificate_id        = servicenow_certificate.kibana.id
}

resource "servicenow_kibana_secops_connector" "servicenow" {
  name    = var.name
  api_url = var.servicenow_url

  oauth = {
    client_id               = servicenow_oauth_jwt_endpoint.kibana.client_id
    client_secret_wo        = var.client_secret
    jwt_key_id              = servicenow_jwt_verifier_map.kibana.key_id
    user_identifier         = servicenow_user.integration.user_name
    private_key_wo          = var.private_key
    private_key_password_wo = var.private_key_password
  }

  # Last to come and first to go: while the connector exists, it works.
  depends_on = [
    servicenow_cors_rule.kibana,
    servicenow_cross_scope_privilege.elastic,
    servicenow_user_role.integration,
  ]
}
