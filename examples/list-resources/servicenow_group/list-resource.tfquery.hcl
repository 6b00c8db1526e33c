list "servicenow_group" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
