variable "connector_id" {
  description = "Id of the connector to test."
  type        = string
}

data "servicenow_kibana_connector_test" "servicenow" {
  connector_id = var.connector_id
}

check "connector_reaches_servicenow" {
  assert {
    condition     = data.servicenow_kibana_connector_test.servicenow.ok
    error_message = "The connector does not reach ServiceNow: ${coalesce(data.servicenow_kibana_connector_test.servicenow.service_message, "no reason given")}"
  }
}
