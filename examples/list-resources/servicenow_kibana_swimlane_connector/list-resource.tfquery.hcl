list "servicenow_kibana_swimlane_connector" "found" {
  provider = servicenow

  config {
    space_id = "operations"
  }
}
