list "servicenow_auth_parameter" "found" {
  provider = servicenow

  config {
    query = "parameter_name=x-sn-apikey"
  }
}
