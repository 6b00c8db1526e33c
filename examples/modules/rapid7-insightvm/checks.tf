# Test credentials in the form fills the status; no API does.
check "credentials_are_valid" {
  assert {
    condition     = servicenow_security_integration.insightvm.validation_status != "invalid"
    error_message = "ServiceNow cannot reach InsightVM: compare region and key, and permit ${provider::servicenow::rapid7_api_host(var.region)} in the network."
  }
}
