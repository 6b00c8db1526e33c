# Asks Kibana to use the connector: Kibana signs the assertion, ServiceNow issues the token, and a read with that token
# answers. A failing check is a warning, so that it never stands in the way of the plan that repairs the cause.
check "connector_reaches_servicenow" {
  data "servicenow_kibana_connector_test" "servicenow" {
    connector_id = servicenow_kibana_itsm_connector.servicenow.connector_id
  }

  assert {
    condition = data.servicenow_kibana_connector_test.servicenow.ok
    error_message = format("Kibana cannot use the connector: %s %s",
      coalesce(data.servicenow_kibana_connector_test.servicenow.message, "no message"),
      coalesce(data.servicenow_kibana_connector_test.servicenow.service_message, "and no reason given"),
    )
  }
}

check "certificate_is_current" {
  assert {
    condition     = timecmp(plantimestamp(), timeadd(servicenow_certificate.kibana.expires_at, "-720h")) < 0
    error_message = "The certificate expires at ${servicenow_certificate.kibana.expires_at}: replace the key pair."
  }
}
