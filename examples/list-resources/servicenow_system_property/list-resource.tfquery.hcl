list "servicenow_system_property" "found" {
  provider = servicenow

  config {
    query = "nameSTARTSWITHglide.oauth"
  }
}
