output "api_host" {
  description = "Host that the instance (or its MID server) must be permitted to reach."
  value       = module.insightvm.api_host
}

output "validation_status" {
  description = "What the last test of the credentials found."
  value       = module.insightvm.validation_status
}

output "parameters" {
  description = "Parameters that the integration has, with their labels."
  value       = module.insightvm.parameters
}
