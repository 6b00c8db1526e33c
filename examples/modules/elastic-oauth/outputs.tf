output "client_id" {
  description = "Client ID of the OAuth endpoint."
  value       = servicenow_oauth_jwt_endpoint.kibana.client_id
}

output "key_id" {
  description = "Key ID of the active slot, which Kibana names in its assertions."
  value       = servicenow_jwt_verifier_map.kibana[var.active_slot].key_id
}

output "key_ids" {
  description = "Key IDs by slot."
  value       = { for slot, verifier in servicenow_jwt_verifier_map.kibana : slot => verifier.key_id }
}

output "user_identifier" {
  description = "The integration user, who has the roles and whose browser may call the application."
  value       = servicenow_user.integration.user_name
  depends_on  = [servicenow_user_role.integration, servicenow_cors_rule.kibana]
}

output "certificate_expires_at" {
  description = "When the certificate of the active slot expires, RFC 3339."
  value       = servicenow_certificate.kibana[var.active_slot].expires_at
}
