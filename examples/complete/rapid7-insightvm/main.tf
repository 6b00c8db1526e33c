# Rapid7 InsightVM for Vulnerability Response: ServiceNow fetches vulnerabilities from the Insight platform.
#
# Credentials come from the environment: SERVICENOW_USERNAME and SERVICENOW_PASSWORD, or another method of the provider.
provider "servicenow" {
  instance_url = var.servicenow_url
}

# Taken as it is where it is installed; the company must be entitled to it.
resource "servicenow_store_application" "rapid7" {
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
