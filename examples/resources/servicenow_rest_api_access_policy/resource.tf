data "servicenow_rest_api" "events" {
  base_path = "/api/sn_em_connector/em"
}

data "servicenow_auth_parameter" "header" {
  parameter_name = "x-sn-apikey"
  type           = "auth_header"
}

resource "servicenow_api_key_auth_profile" "events" {
  name               = "Event senders"
  auth_parameter_ids = [data.servicenow_auth_parameter.header.id]
}

resource "servicenow_http_auth_profile" "basic" {
  name = "Basic authentication"
}

# Both methods: one that is left out is refused from then on.
resource "servicenow_rest_api_access_policy" "events" {
  name        = "Event connectors"
  rest_api_id = data.servicenow_rest_api.events.id
  auth_profile_ids = [
    servicenow_api_key_auth_profile.events.id,
    servicenow_http_auth_profile.basic.id,
  ]
}
