variable "connector_id" {
  description = "Id of the connector to test."
  type        = string
}

data "servicenow_kibana_connector_test" "servicenow" {
  connector_id = var.connector_id
}

check "connector_reaches_servicenow" {
  assert {
    condition = data.servicenow_kibana_connector_test.servicenow.ok
    error_message = join(": ", compact([
      "The connector does not reach ServiceNow",
      data.servicenow_kibana_connector_test.servicenow.message,
      data.servicenow_kibana_connector_test.servicenow.service_message,
    ]))
  }
}
