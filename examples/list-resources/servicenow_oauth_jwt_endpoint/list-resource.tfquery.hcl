list "servicenow_oauth_jwt_endpoint" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
