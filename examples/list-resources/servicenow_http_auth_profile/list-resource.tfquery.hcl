list "servicenow_http_auth_profile" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
