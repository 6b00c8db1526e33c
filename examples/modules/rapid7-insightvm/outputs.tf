output "api_host" {
  description = "Host that the instance (or its MID server) must be permitted to reach."
  value       = provider::servicenow::rapid7_api_host(var.region)
}

output "validation_status" {
  description = "What the last test of the credentials found."
  value       = servicenow_security_integration.insightvm.validation_status
}

output "parameters" {
  description = "Parameters that the integration has, with their labels."
  value       = { for p in data.servicenow_security_integration_definition.rapid7.parameters : p.name => p.label }
}
