# Event Management's push connectors with API keys: each sender has a user, a key and a URL of its own, and no password.
#
# Credentials come from the environment: SERVICENOW_USERNAME and SERVICENOW_PASSWORD, or another method of the provider.
provider "servicenow" {
  instance_url = var.servicenow_url
}

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

# A user, a key, a connector and its instance for each sender.
data "servicenow_role" "sender" {
  name = "evt_mgmt_integration"
}

resource "servicenow_user" "sender" {
  for_each = var.senders

  user_name               = each.value.user_name
  last_name               = "Events of ${each.key}"
  web_service_access_only = true
}

resource "servicenow_user_role" "sender" {
  for_each = var.senders

  user_id = servicenow_user.sender[each.key].id
  role_id = data.servicenow_role.sender.id
}

resource "servicenow_rest_api_key" "sender" {
  for_each = var.senders

  name       = "${var.name}: ${each.key}"
  user_id    = servicenow_user.sender[each.key].id
  expires_at = each.value.expires_at
  scope_id   = data.servicenow_application.connectors.id
}

resource "servicenow_event_connector" "sender" {
  for_each = var.senders

  name         = "${var.name}: ${each.key}"
  source       = each.value.source
  source_label = each.key
  script       = each.value.script
}

resource "servicenow_event_connector_instance" "sender" {
  for_each = var.senders

  name               = "${var.name}: ${each.key}"
  event_connector_id = servicenow_event_connector.sender[each.key].id
}
