output "connector_id" {
  description = "Connector for rules and cases."
  value       = servicenow_kibana_secops_connector.servicenow.connector_id
}

output "client_id" {
  description = "Client ID of the OAuth endpoint."
  value       = servicenow_oauth_jwt_endpoint.kibana.client_id
}

output "jwt_key_id" {
  description = "Key ID that Kibana names in its assertions."
  value       = servicenow_jwt_verifier_map.kibana.key_id
}

output "certificate_expires_at" {
  description = "When the key pair must have been replaced."
  value       = servicenow_certificate.kibana.expires_at
}
