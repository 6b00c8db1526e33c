list "servicenow_auth_scope" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
