variable "api_key_secret" {
  description = "Secret of the Resilient API key."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "servicenow_kibana_resilient_connector" "resilient" {
  name              = "IBM Resilient"
  api_url           = "https://resilient.example.com"
  organization_id   = "201"
  api_key_id_wo     = "d6f1a2b3-0000-4000-8000-1234567890ab"
  api_key_secret_wo = var.api_key_secret
}
