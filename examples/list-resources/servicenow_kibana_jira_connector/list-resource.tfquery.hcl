list "servicenow_kibana_jira_connector" "found" {
  provider = servicenow

  config {
    space_id = "operations"
  }
}
