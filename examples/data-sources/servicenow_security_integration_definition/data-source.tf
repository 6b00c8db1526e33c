data "servicenow_security_integration_definition" "rapid7" {
  name = "Rapid7 InsightVM Integration"
}

output "parameters" {
  value = { for p in data.servicenow_security_integration_definition.rapid7.parameters : p.name => p.label }
}
