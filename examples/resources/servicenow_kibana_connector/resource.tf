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
