# Tries each sender's key on the connectors' API. The request carries no event: any answer but 401 shows that the key has
# passed the access policy.
ephemeral "servicenow_inbound_access_check" "sender" {
  for_each = var.checked_senders

  path    = "/api/sn_em_connector/em/inbound_event?source=${servicenow_event_connector.sender[each.key].source}"
  api_key = { value = var.sender_keys[each.key] }
}

check "keys_are_accepted" {
  assert {
    condition     = alltrue([for tried in ephemeral.servicenow_inbound_access_check.sender : tried.authenticated])
    error_message = "The instance refuses a sender's key: compare it with the form of its REST API key, and look whether the access policy is active."
  }
}
