list "servicenow_group_member" "found" {
  provider = servicenow

  config {
    query = "group.name=Security operations"
  }
}
