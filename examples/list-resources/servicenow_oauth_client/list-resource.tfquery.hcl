list "servicenow_oauth_client" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
