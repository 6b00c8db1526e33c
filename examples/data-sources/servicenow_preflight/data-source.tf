# A warning for each run in which the instance is not ready; the findings say why.
check "instance_is_ready" {
  data "servicenow_preflight" "events" {
    areas = ["inbound_api_keys", "event_management"]
  }

  assert {
    condition     = data.servicenow_preflight.events.ok
    error_message = join("\n", [for f in data.servicenow_preflight.events.findings : "${f.severity}: ${f.table} ${f.column}: ${f.message}"])
  }
}
