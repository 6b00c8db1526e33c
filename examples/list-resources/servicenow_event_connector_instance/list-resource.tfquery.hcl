list "servicenow_event_connector_instance" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
