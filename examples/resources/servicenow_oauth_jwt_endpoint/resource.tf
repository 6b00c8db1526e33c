variable "client_secret" {
  description = "Secret that the endpoint and its client share."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "servicenow_oauth_jwt_endpoint" "kibana" {
  name             = "Kibana"
  user_field       = "email"
  client_secret_wo = var.client_secret

  # Kibana sends no jti.
  enable_jti_verification = false
}
