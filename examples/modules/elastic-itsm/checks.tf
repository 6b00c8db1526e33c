# Every plan and apply tries the chain that incidents go through. A failing check is a warning, so that it never stands in the
# way of the plan that repairs the cause.

# Asks ServiceNow for a token as Kibana does: with an assertion that the private key signs and the certificate verifies.
# Then reads with the token, since an instance also issues tokens that open nothing. The resource is ephemeral, so neither
# the key nor the token is stored.
ephemeral "servicenow_oauth_token" "kibana" {
  jwt = {
    client_id            = module.instance.client_id
    client_secret        = var.secrets.client_secret
    private_key          = var.secrets.private_key
    private_key_password = var.secrets.private_key_password
    key_id               = module.instance.key_id
    user_identifier      = module.instance.user_identifier
  }

  probe_path = var.application.health_path
}

check "servicenow_issues_tokens" {
  assert {
    condition     = ephemeral.servicenow_oauth_token.kibana.ok
    error_message = "ServiceNow issues no token for the connector, or the token opens nothing: see the troubleshooting guide."
  }
}

# Asks each link on both servers, and Kibana to read something with the connector. It stands outside the check, because
# Terraform reads what stands inside at every apply and so never calls a plan empty.
data "servicenow_integration_health" "this" {
  connector_id = servicenow_kibana_itsm_connector.this.connector_id
  space_id     = servicenow_kibana_itsm_connector.this.space_id

  # While one of these is about to change, Terraform asks after the change.
  depends_on = [module.instance, servicenow_kibana_itsm_connector.this]
}

check "integration_is_healthy" {
  assert {
    condition = data.servicenow_integration_health.this.ok
    error_message = join("\n", concat(["The integration is not healthy:"], [
      for f in data.servicenow_integration_health.this.findings : "${f.check}: ${f.message}" if !f.ok
    ]))
  }
}

check "certificate_is_current" {
  assert {
    condition     = timecmp(plantimestamp(), timeadd(module.instance.certificate_expires_at, "-720h")) < 0
    error_message = "The certificate expires at ${module.instance.certificate_expires_at}: replace the key pair."
  }
}
