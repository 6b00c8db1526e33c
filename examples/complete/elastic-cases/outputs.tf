output "connector_ids" {
  description = "Connectors, by system, for rules and for single cases."
  value       = module.cases.connector_ids
}

output "mappings" {
  description = "Which field of a case goes to which field of the system."
  value       = module.cases.mappings
}
