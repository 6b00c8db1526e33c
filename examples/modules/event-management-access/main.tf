# What belongs to the API of Event Management's push connectors and not to a sender: the plugin, the inbound authentication
# profiles and the access policy. Applied once per instance.

resource "servicenow_plugin" "api_keys" {
  plugin_id = "com.glide.tokenbased_auth"
}

# The records below live in the scope of this application: policies on its API do not work from another one.
data "servicenow_application" "connectors" {
  scope = "sn_em_connector"
}

# Inbound authentication profiles: what a request may prove itself with.
data "servicenow_auth_parameter" "key" {
  for_each = var.key_parameter_types

  parameter_name = "x-sn-apikey"
  type           = each.value

  depends_on = [servicenow_plugin.api_keys]
}

resource "servicenow_api_key_auth_profile" "senders" {
  name               = "${var.name}: API key"
  description        = "Keys of event senders"
  auth_parameter_ids = [for parameter in data.servicenow_auth_parameter.key : parameter.id]
  scope_id           = data.servicenow_application.connectors.id
}

# Without this one, the policy would shut out everybody who has used the API with a password so far.
resource "servicenow_http_auth_profile" "basic" {
  name        = "${var.name}: basic"
  description = "Senders that still use a password"
  scope_id    = data.servicenow_application.connectors.id
}

# The policy: which methods the connectors' API takes.
data "servicenow_rest_api" "connectors" {
  base_path = "/api/sn_em_connector/em"
}

resource "servicenow_rest_api_access_policy" "connectors" {
  name        = var.name
  rest_api_id = data.servicenow_rest_api.connectors.id
  scope_id    = data.servicenow_application.connectors.id
  auth_profile_ids = [
    servicenow_api_key_auth_profile.senders.id,
    servicenow_http_auth_profile.basic.id,
  ]
}
