list "servicenow_security_integration" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
