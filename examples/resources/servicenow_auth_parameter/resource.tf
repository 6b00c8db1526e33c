# The plugin ships x-sn-apikey; this is for a sender that calls its header otherwise.
resource "servicenow_auth_parameter" "vendor" {
  parameter_name = "x-vendor-key"
  type           = "auth_header"
}
