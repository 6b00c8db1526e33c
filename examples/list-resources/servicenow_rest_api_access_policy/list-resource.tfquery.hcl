list "servicenow_rest_api_access_policy" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
