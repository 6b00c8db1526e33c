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

# Custom fields, templates and types of observables are owned by key: those of others stay as they are.
resource "servicenow_kibana_case_settings" "operations" {
  owner = "cases"

  custom_fields = [
    { key = "ticket", label = "Change ticket", type = "text" },
    { key = "urgent", label = "Call the manager", type = "toggle", default_value = jsonencode(false) },
  ]

  templates = [{
    key  = "outage"
    name = "Outage"
    tags = ["on-call"]
    case_fields = jsonencode({
      title        = "Outage of …"
      severity     = "high"
      customFields = [{ key = "urgent", type = "toggle", value = true }]
    })
  }]

  observable_types = [{ key = "badge-id", label = "Badge id" }]
}
