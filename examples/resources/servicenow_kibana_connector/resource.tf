variable "webhook_password" {
  description = "Password that the webhook asks for."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "servicenow_kibana_connector" "webhook" {
  name              = "On-call webhook"
  connector_type_id = ".webhook"

  # What is left out gets Kibana's default and is no drift.
  config = jsonencode({
    url     = "https://oncall.example.com/hooks/elastic"
    method  = "post"
    headers = { "Content-Type" = "application/json" }
  })

  secrets_wo = jsonencode({
    user     = "elastic"
    password = var.webhook_password
  })
}

# A readable id, which other configurations can refer to. It needs Kibana 9.4; 8.8 to 9.3 take a UUID.
resource "servicenow_kibana_connector" "alerts" {
  connector_id      = "alerts-index"
  name              = "Alerts index"
  connector_type_id = ".index"
  config            = jsonencode({ index = "alerts" })
}
