data "servicenow_kibana_connector_types" "all" {}

check "license_allows_servicenow" {
  assert {
    condition = anytrue([
      for t in data.servicenow_kibana_connector_types.all.connector_types : t.enabled if t.id == ".servicenow"
    ])
    error_message = "This Kibana's license or settings do not allow ServiceNow ITSM connectors."
  }
}
