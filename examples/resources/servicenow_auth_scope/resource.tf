resource "servicenow_auth_scope" "reports" {
  name        = "reports"
  description = "Opens the API of the reports."
}
