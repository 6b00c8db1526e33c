list "servicenow_kibana_itom_connector" "found" {
  provider = servicenow

  config {
    space_id = "operations"
  }
}
