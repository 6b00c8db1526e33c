data "servicenow_preflight" "events" {
  areas = ["inbound_api_keys", "event_management"]
}

# A warning for each run in which the instance is not ready. The data source stands beside the check and not in it:
# Terraform reads what stands inside at every apply, and so never calls a plan empty.
check "instance_is_ready" {
  assert {
    condition = data.servicenow_preflight.events.ok
    error_message = join("\n", concat(["The instance is not ready:"], [
      for f in data.servicenow_preflight.events.findings :
      "${f.severity}: ${join(".", compact([f.table, f.column]))}: ${f.message}"
    ]))
  }
}
