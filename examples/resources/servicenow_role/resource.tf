resource "servicenow_role" "reader" {
  name        = "x_acme.reader"
  description = "Reads what the monitoring needs"
}
