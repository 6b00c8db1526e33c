data "servicenow_kibana_connectors" "all" {}

# Connectors from before Kibana 7.16, which should be updated.
output "deprecated" {
  description = "Names of the deprecated connectors."
  value       = [for c in data.servicenow_kibana_connectors.all.connectors : c.name if c.is_deprecated]
}
