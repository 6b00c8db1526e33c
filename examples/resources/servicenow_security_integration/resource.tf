variable "insightvm_api_key" {
  description = "User key of the Insight platform."
  type        = string
  ephemeral   = true
  sensitive   = true
}

data "servicenow_security_integration_definition" "rapid7" {
  name = "Rapid7 InsightVM Integration"
}

# The parameters' names differ between releases: the data source's attribute parameters lists them.
resource "servicenow_security_integration" "rapid7" {
  name           = "InsightVM"
  integration_id = data.servicenow_security_integration_definition.rapid7.id
  parameters = {
    insightvm_region = provider::servicenow::rapid7_api_host("us")
  }
  secret_parameters_wo = {
    api_key = var.insightvm_api_key
  }
}
