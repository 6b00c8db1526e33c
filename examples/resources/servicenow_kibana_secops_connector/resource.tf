variable "password" {
  description = "Password of the ServiceNow user that opens security incidents."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "servicenow_kibana_secops_connector" "servicenow" {
  name    = "ServiceNow SecOps"
  api_url = "https://dev12345.service-now.com"

  # or oauth = { … }, as on servicenow_kibana_itsm_connector
  basic_auth = {
    username_wo = "elastic.integration"
    password_wo = var.password
  }
}
