list "servicenow_kibana_secops_connector" "found" {
  provider = servicenow

  config {
    space_id = "operations"
  }
}
