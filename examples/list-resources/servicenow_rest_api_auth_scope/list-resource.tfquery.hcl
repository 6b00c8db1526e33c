list "servicenow_rest_api_auth_scope" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
