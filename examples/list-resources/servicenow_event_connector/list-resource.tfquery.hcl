list "servicenow_event_connector" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
