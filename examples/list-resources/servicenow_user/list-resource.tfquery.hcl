list "servicenow_user" "found" {
  provider = servicenow

  config {
    query = "user_nameSTARTSWITHelastic"
  }
}
