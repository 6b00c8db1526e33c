# Senders of events to Event Management's push connectors: each has a user, keys and a URL of its own, and no password.
# It has no provider block, so that count, for_each and several instances work.

locals {
  keys = merge([
    for name, sender in var.senders : { for slot in sender.key_slots : "${name}/${slot}" => { sender = name, slot = slot } }
  ]...)
}

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

# Two slots, so that a sender gets a new key while the old one still works.
resource "servicenow_rest_api_key" "sender" {
  for_each = local.keys

  name       = "${var.name}: ${each.value.sender} (${each.value.slot})"
  user_id    = servicenow_user.sender[each.value.sender].id
  expires_at = var.senders[each.value.sender].expires_at
  scope_id   = var.access.scope_id
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
