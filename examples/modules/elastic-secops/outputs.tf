output "connector_id" {
  description = "Connector for rules and cases."
  value       = servicenow_kibana_secops_connector.this.connector_id
}

output "client_id" {
  description = "Client ID of the OAuth endpoint."
  value       = module.instance.client_id
}

output "jwt_key_id" {
  description = "Key ID that Kibana names in its assertions."
  value       = module.instance.key_id
}

output "jwt_key_ids" {
  description = "Key IDs by slot."
  value       = module.instance.key_ids
}

output "certificate_expires_at" {
  description = "When the key pair must have been replaced, RFC 3339."
  value       = module.instance.certificate_expires_at
}
