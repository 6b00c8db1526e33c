data "servicenow_kibana_connector" "elastic" {
  name = "ServiceNow ITSM"
}

data "servicenow_integration_health" "elastic" {
  connector_id = data.servicenow_kibana_connector.elastic.connector_id
}

# A warning for each run in which a link of the chain does not hold.
check "integration_is_healthy" {
  assert {
    condition = data.servicenow_integration_health.elastic.ok
    error_message = join("\n", concat(["The integration is not healthy:"], [
      for f in data.servicenow_integration_health.elastic.findings : "${f.check}: ${f.message}" if !f.ok
    ]))
  }
}
