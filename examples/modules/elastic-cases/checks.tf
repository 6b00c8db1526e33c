# Failing checks are warnings, so that they never stand in the way of the plan that repairs the cause.

data "servicenow_kibana_connector_types" "all" {
  space_id = var.space_id
}

check "connector_types_are_licensed" {
  assert {
    condition = alltrue([
      for t in data.servicenow_kibana_connector_types.all.connector_types : t.enabled
      if contains(local.types_in_use, t.id)
    ])
    error_message = "Kibana's license or settings forbid one of: ${join(", ", local.types_in_use)}."
  }
}

# A test that fails is not an error either. Swimlane connectors have nothing that only reads, so they cannot be tried.
data "servicenow_kibana_connector_test" "push" {
  count = var.push_to == null || var.push_to == "swimlane" ? 0 : 1

  connector_id = local.connector_ids[var.push_to]
  space_id     = var.space_id
}

check "cases_reach_their_system" {
  assert {
    condition = alltrue([for t in data.servicenow_kibana_connector_test.push : t.ok])
    error_message = join(" ", concat(["The connector that cases are pushed with does not reach its system:"], [
      for t in data.servicenow_kibana_connector_test.push : join(": ", compact([t.message, t.service_message]))
    ]))
  }
}

locals {
  types_in_use = concat(
    [for c in servicenow_kibana_itsm_connector.this : ".servicenow"],
    [for c in servicenow_kibana_secops_connector.this : ".servicenow-sir"],
    [for c in servicenow_kibana_jira_connector.this : ".jira"],
    [for c in servicenow_kibana_resilient_connector.this : ".resilient"],
    [for c in servicenow_kibana_swimlane_connector.this : ".swimlane"],
  )
}
