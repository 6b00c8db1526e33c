list "servicenow_kibana_connector" "found" {
  provider = servicenow

  config {
    space_id = "operations"
  }
}
