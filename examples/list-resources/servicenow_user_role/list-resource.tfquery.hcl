list "servicenow_user_role" "found" {
  provider = servicenow

  config {
    query = "user.user_name=elastic.integration"
  }
}
