output "connector_id" {
  description = "Connector for rules and cases."
  value       = module.itsm.connector_id
}

output "client_id" {
  description = "Client ID of the OAuth endpoint."
  value       = module.itsm.client_id
}

output "jwt_key_id" {
  description = "Key ID that Kibana names in its assertions."
  value       = module.itsm.jwt_key_id
}

output "certificate_expires_at" {
  description = "When the key pair must have been replaced."
  value       = module.itsm.certificate_expires_at
}
