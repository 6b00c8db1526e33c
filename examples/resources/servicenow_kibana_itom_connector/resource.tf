variable "password" {
  description = "Password of a ServiceNow user with the role evt_mgmt_integration."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "servicenow_kibana_itom_connector" "events" {
  name    = "ServiceNow events"
  api_url = "https://dev12345.service-now.com"

  basic_auth = {
    username_wo = "elastic.events"
    password_wo = var.password
  }
}
