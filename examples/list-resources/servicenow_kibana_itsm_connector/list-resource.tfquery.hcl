list "servicenow_kibana_itsm_connector" "found" {
  provider = servicenow

  config {
    space_id = "operations"
  }
}
