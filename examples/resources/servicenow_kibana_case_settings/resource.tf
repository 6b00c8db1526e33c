data "servicenow_kibana_connector" "servicenow" {
  name = "ServiceNow"
}

resource "servicenow_kibana_case_settings" "security" {
  owner        = "securitySolution"
  connector_id = data.servicenow_kibana_connector.servicenow.connector_id
  closure_type = "close-by-pushing"

  # Values for new cases; the keys depend on the connector's type.
  connector_fields = jsonencode({
    impact  = "2"
    urgency = "2"
  })
}
