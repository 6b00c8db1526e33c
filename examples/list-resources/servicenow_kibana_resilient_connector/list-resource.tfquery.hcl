list "servicenow_kibana_resilient_connector" "found" {
  provider = servicenow

  config {
    space_id = "operations"
  }
}
