# Runs against the instance that the environment names; see ../README.md.

run "admits_keys_and_passwords" {
  assert {
    condition     = length(servicenow_rest_api_access_policy.connectors.auth_profile_ids) == 2
    error_message = "The policy does not map both profiles."
  }
  assert {
    condition = (
      servicenow_rest_api_access_policy.connectors.active &&
      servicenow_rest_api_access_policy.connectors.scope_id == output.scope_id
    )
    error_message = "The policy is not active, or not in the scope of the connectors."
  }
}
