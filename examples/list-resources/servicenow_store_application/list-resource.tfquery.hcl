list "servicenow_store_application" "elastic" {
  provider = servicenow

  config {
    query = "scopeSTARTSWITHx_elas2"
  }
}
