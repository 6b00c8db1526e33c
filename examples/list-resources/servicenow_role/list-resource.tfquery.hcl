list "servicenow_role" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
