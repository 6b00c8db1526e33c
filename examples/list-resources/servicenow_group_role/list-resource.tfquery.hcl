list "servicenow_group_role" "found" {
  provider = servicenow

  config {
    query = "group.name=Security operations"
  }
}
