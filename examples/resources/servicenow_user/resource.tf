variable "password" {
  description = "Password of the integration user."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "servicenow_user" "integration" {
  user_name               = "elastic.integration"
  first_name              = "Elastic"
  last_name               = "Integration"
  email                   = "elastic@example.com"
  web_service_access_only = true
  password_wo             = var.password
}
