# Every plan and apply tries the chain that incidents go through. A failing check is a warning, so that it never stands
# in the way of the plan that repairs the cause.

# Asks ServiceNow for a token as Kibana does: with an assertion that the private key signs and the certificate verifies.
# Then reads with the token, since an instance also issues tokens that open nothing. The resource is ephemeral, so neither
# the key nor the token is stored.
ephemeral "servicenow_oauth_token" "kibana" {
  jwt = {
    client_id            = servicenow_oauth_jwt_endpoint.kibana.client_id
    client_secret        = var.client_secret
    private_key          = var.private_key
    private_key_password = var.private_key_password
    key_id               = servicenow_jwt_verifier_map.kibana.key_id
    user_identifier      = servicenow_user.integration.user_name
  }

  probe_path = "/api/x_elas2_inc_int/elastic_api/health"
}

check "servicenow_issues_tokens" {
  assert {
    condition     = ephemeral.servicenow_oauth_token.kibana.ok
    error_message = "ServiceNow issues no token for the connector, or the token opens nothing: see the troubleshooting guide."
  }
}

# Asks Kibana to read something with the connector. It stands outside the check, because Terraform reads what stands
# inside at every apply and so never calls a plan empty.
data "servicenow_kibana_connector_test" "servicenow" {
  connector_id = servicenow_kibana_itsm_connector.servicenow.connector_id

  # While one of these is about to change, Terraform asks after the change.
  depends_on = [
    servicenow_certificate.kibana,
    servicenow_jwt_verifier_map.kibana,
    servicenow_oauth_jwt_endpoint.kibana,
    servicenow_user.integration,
    servicenow_user_role.integration,
  ]
}

check "kibana_reaches_servicenow" {
  assert {
    condition = data.servicenow_kibana_connector_test.servicenow.ok
    error_message = format("Kibana cannot use the connector: %s", join(": ", compact([
      data.servicenow_kibana_connector_test.servicenow.message,
      data.servicenow_kibana_connector_test.servicenow.service_message,
    ])))
  }
}

check "certificate_is_current" {
  assert {
    condition     = timecmp(plantimestamp(), timeadd(servicenow_certificate.kibana.expires_at, "-720h")) < 0
    error_message = "The certificate expires at ${servicenow_certificate.kibana.expires_at}: replace the key pair."
  }
}
