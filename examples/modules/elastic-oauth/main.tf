# The instance's side of one Kibana connector that logs in by OAuth (JWT): integration user, CORS rule, OAuth endpoint,
# and a certificate with its verifier map for each slot. The modules elastic-itsm and elastic-secops use it.

resource "servicenow_user" "integration" {
  user_name               = var.user_name
  first_name              = "Elastic"
  last_name               = "Integration"
  web_service_access_only = true
}

resource "servicenow_user_role" "integration" {
  for_each = var.application.role_ids

  user_id = servicenow_user.integration.id
  role_id = each.value
}

# The connector's form asks the application from the browser whether it is installed.
resource "servicenow_cors_rule" "kibana" {
  name         = var.name
  domain       = var.kibana_url
  rest_api_id  = var.application.rest_api_id
  http_methods = ["GET"]
}

# Kibana signs a JWT with the private key, ServiceNow verifies it with the certificate and answers with a token.
resource "servicenow_oauth_jwt_endpoint" "kibana" {
  name             = var.name
  user_field       = "user_name"
  client_secret_wo = var.client_secret

  # Kibana's assertions carry no "jti" claim, and ServiceNow selects its verification by default.
  enable_jti_verification = false
}

# Two slots, so that a new key pair is in place before Kibana uses it, and the old one until Kibana no longer does.
resource "servicenow_certificate" "kibana" {
  for_each = var.certificates

  name                   = "${var.name} (${each.key})"
  pem_certificate        = each.value
  warn_in_days_to_expire = 30
}

resource "servicenow_jwt_verifier_map" "kibana" {
  for_each = var.certificates

  name                  = "${var.name} (${each.key})"
  oauth_jwt_endpoint_id = servicenow_oauth_jwt_endpoint.kibana.id
  certificate_id        = servicenow_certificate.kibana[each.key].id
}
