variable "api_token" {
  description = "API token of the Jira account."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "servicenow_kibana_jira_connector" "jira" {
  name         = "Jira"
  api_url      = "https://example.atlassian.net"
  project_key  = "OPS"
  email_wo     = "elastic@example.com"
  api_token_wo = var.api_token
}
