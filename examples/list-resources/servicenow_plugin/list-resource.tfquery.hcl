list "servicenow_plugin" "tokens" {
  provider = servicenow

  config {
    query = "idSTARTSWITHcom.glide.tokenbased"
  }
}
