# Rapid7 InsightVM for Vulnerability Response: ServiceNow fetches vulnerabilities from the Insight platform.
#
# Credentials come from the environment: SERVICENOW_USERNAME and SERVICENOW_PASSWORD, or another method of the provider.
provider "servicenow" {
  instance_url = var.servicenow_url
}

module "insightvm" {
  source = "../../modules/rapid7-insightvm"

  name                = var.name
  region              = var.region
  api_key             = var.api_key
  active              = var.active
  parameters          = var.parameters
  parameter_names     = var.parameter_names
  integration_name    = var.integration_name
  application_scope   = var.application_scope
  application_version = var.application_version
}
