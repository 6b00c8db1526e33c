variable "certificate" {
  description = "X.509 certificate (PEM) of the key that signs the JWTs."
  type        = string
}

resource "servicenow_certificate" "kibana" {
  name                   = "Kibana"
  pem_certificate        = var.certificate
  short_description      = "Verifies the JWTs of Kibana's ServiceNow connectors"
  warn_in_days_to_expire = 30
}
