output "scope_id" {
  description = "sys_id of the application Event Management Connectors. It waits for the access policy."
  value       = data.servicenow_application.connectors.id
  depends_on  = [servicenow_rest_api_access_policy.connectors]
}

output "auth_profile_ids" {
  description = "sys_ids of the profiles for keys and for passwords, for access policies on further APIs."
  value       = servicenow_rest_api_access_policy.connectors.auth_profile_ids
}
