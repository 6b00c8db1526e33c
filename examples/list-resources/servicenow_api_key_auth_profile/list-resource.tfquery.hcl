list "servicenow_api_key_auth_profile" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
