# Each waits for the privileges, so that what uses it comes after them and goes before them.

output "app" {
  description = "The variable app."
  value       = var.app
  depends_on  = [servicenow_cross_scope_privilege.elastic]
}

output "rest_api_id" {
  description = "sys_id of the application's REST API, which the connector's form calls from the browser."
  value       = data.servicenow_rest_api.elastic.id
  depends_on  = [servicenow_cross_scope_privilege.elastic]
}

output "role_ids" {
  description = "sys_ids of the roles that integration users need, by name."
  value       = { for name, role in data.servicenow_role.elastic : name => role.id }
  depends_on  = [servicenow_cross_scope_privilege.elastic]
}

output "health_path" {
  description = "Path that answers a login which may use the application."
  value       = "/api/${local.scope}/elastic_api/health"
  depends_on  = [servicenow_cross_scope_privilege.elastic]
}
