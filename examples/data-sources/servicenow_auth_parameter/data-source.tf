# The header and the query parameter have the same name: type chooses.
data "servicenow_auth_parameter" "header" {
  parameter_name = "x-sn-apikey"
  type           = "auth_header"
}
