data "servicenow_kibana_connector" "servicenow" {
  name = "ServiceNow"
}

output "connector_id" {
  description = "Id of the connector, for rules and cases."
  value       = data.servicenow_kibana_connector.servicenow.connector_id
}
