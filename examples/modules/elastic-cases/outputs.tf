output "connector_ids" {
  description = "Connectors, by system, for rules and for single cases."
  value       = local.connector_ids
}

output "mappings" {
  description = "Which field of a case goes to which field of the system."
  value       = servicenow_kibana_case_settings.this.mappings
}
