variable "certificate" {
  description = "X.509 certificate (PEM) of the key that signs the JWTs."
  type        = string
}

resource "servicenow_certificate" "kibana" {
  name            = "Kibana"
  pem_certificate = var.certificate
}

resource "servicenow_oauth_jwt_endpoint" "kibana" {
  name       = "Kibana"
  user_field = "email"
}

resource "servicenow_jwt_verifier_map" "kibana" {
  name                  = "Kibana"
  oauth_jwt_endpoint_id = servicenow_oauth_jwt_endpoint.kibana.id
  certificate_id        = servicenow_certificate.kibana.id
}

# What the other side calls the JWT verifier key ID.
output "key_id" {
  value = servicenow_jwt_verifier_map.kibana.key_id
}
