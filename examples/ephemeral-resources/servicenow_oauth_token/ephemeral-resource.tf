variable "private_key" {
  description = "RSA private key (PEM)."
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

# Proves the chain as Kibana uses it: key, certificate, verifier map, endpoint, user.
ephemeral "servicenow_oauth_token" "kibana" {
  jwt = {
    client_id       = "5f4dcc3b5aa765d61d8327deb882cf99"
    client_secret   = var.client_secret
    private_key     = var.private_key
    key_id          = "b1946ac92492d2347c6235b4d2611184"
    user_identifier = "elastic@example.com"
  }
}
