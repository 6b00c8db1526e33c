list "servicenow_kibana_case_settings" "all" {
  provider = servicenow

  config {
    space_id = "*"
  }
}
