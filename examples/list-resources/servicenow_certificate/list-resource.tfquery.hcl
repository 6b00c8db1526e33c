list "servicenow_certificate" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHElastic"
  }
}
