data "servicenow_kibana_connector" "servicenow" {
  name = "ServiceNow"
}

# Opens an incident: terraform apply -invoke=action.servicenow_kibana_connector_run.open
action "servicenow_kibana_connector_run" "open" {
  config {
    connector_id = data.servicenow_kibana_connector.servicenow.connector_id
    sub_action   = "pushToService"
    params = jsonencode({
      incident = {
        short_description = "A test of the connector"
        correlation_id    = "terraform:test"
        urgency           = "3"
      }
      comments = []
    })
  }
}

# Closes it again.
action "servicenow_kibana_connector_run" "close" {
  config {
    connector_id = data.servicenow_kibana_connector.servicenow.connector_id
    sub_action   = "closeIncident"
    params       = jsonencode({ incident = { correlation_id = "terraform:test" } })
  }
}
