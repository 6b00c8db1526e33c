# What is missing for the senders: tables, columns, choices, plugins, roles. A failing check is a warning, so that it never
# stands in the way of the plan that repairs the cause.
data "servicenow_preflight" "events" {
  areas = ["inbound_api_keys", "event_management"]

  depends_on = [servicenow_plugin.api_keys]
}

check "instance_is_ready" {
  assert {
    condition = data.servicenow_preflight.events.ok
    error_message = join("\n", concat(["The instance is not ready:"], [
      for f in data.servicenow_preflight.events.findings :
      "${join(".", compact([f.table, f.column]))}: ${f.message}" if f.severity == "error"
    ]))
  }
}
