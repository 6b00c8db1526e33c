# Rapid7 InsightVM for Vulnerability Response: ServiceNow fetches vulnerabilities from the Insight platform. It has no
# provider block, so that count, for_each and several instances work.

# Taken as it is where it is installed; the company must be entitled to it. Destroying leaves it installed.
resource "servicenow_store_application" "rapid7" {
  count = var.install ? 1 : 0

  scope   = var.application_scope
  version = var.application_version
}

data "servicenow_security_integration_definition" "rapid7" {
  name = var.integration_name

  depends_on = [servicenow_store_application.rapid7]
}

resource "servicenow_security_integration" "insightvm" {
  name           = var.name
  integration_id = data.servicenow_security_integration_definition.rapid7.id
  active         = var.active

  parameters = merge(var.parameters, {
    (var.parameter_names.region) = provider::servicenow::rapid7_api_host(var.region)
  })
  secret_parameters_wo = {
    (var.parameter_names.api_key) = var.api_key
  }
}
