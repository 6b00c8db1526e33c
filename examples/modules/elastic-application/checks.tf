# What is missing for the integrations: tables, columns, choices, plugins, roles. A failing check is a warning, so that it
# never stands in the way of the plan that repairs the cause.
data "servicenow_preflight" "elastic" {
  areas = ["elastic_${var.app}"]

  depends_on = [data.servicenow_elastic_application.elastic]
}

check "instance_is_ready" {
  assert {
    condition = data.servicenow_preflight.elastic.ok
    error_message = join("\n", concat(["The instance is not ready:"], [
      for f in data.servicenow_preflight.elastic.findings :
      "${join(".", compact([f.table, f.column]))}: ${f.message}" if f.severity == "error"
    ]))
  }
}
