variable "private_key" {
  description = "RSA private key (PEM) whose certificate the verifier map names."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "client_secret" {
  description = "Secret of the OAuth JWT endpoint."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "servicenow_kibana_itsm_connector" "servicenow" {
  name    = "ServiceNow"
  api_url = "https://dev12345.service-now.com"

  # or basic_auth = { username_wo = …, password_wo = … }
  oauth = {
    client_id        = "5f4dcc3b5aa765d61d8327deb882cf99" # servicenow_oauth_jwt_endpoint.….client_id
    jwt_key_id       = "b1946ac92492d2347c6235b4d2611184" # servicenow_jwt_verifier_map.….key_id
    user_identifier  = "elastic@example.com"
    client_secret_wo = var.client_secret
    private_key_wo   = var.private_key
  }
}
