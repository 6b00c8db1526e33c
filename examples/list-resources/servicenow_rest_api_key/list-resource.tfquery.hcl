list "servicenow_rest_api_key" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
