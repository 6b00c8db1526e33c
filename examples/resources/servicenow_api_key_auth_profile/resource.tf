data "servicenow_auth_parameter" "header" {
  parameter_name = "x-sn-apikey"
  type           = "auth_header"
}

resource "servicenow_api_key_auth_profile" "events" {
  name               = "Event senders"
  description        = "API keys of monitoring tools"
  auth_parameter_ids = [data.servicenow_auth_parameter.header.id]
}
