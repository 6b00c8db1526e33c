list "servicenow_cors_rule" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
