# Failing checks are warnings, so that they never stand in the way of the plan that repairs the cause.

check "connector_types_are_licensed" {
  data "servicenow_kibana_connector_types" "all" {}

  assert {
    condition = alltrue([
      for t in data.servicenow_kibana_connector_types.all.connector_types : t.enabled if contains(local.types_in_use, t.id)
    ])
    error_message = "Kibana's licence or settings forbid one of: ${join(", ", local.types_in_use)}."
  }
}

# Swimlane connectors have nothing that only reads, so they cannot be tried.
check "cases_reach_their_system" {
  data "servicenow_kibana_connector_test" "this" {
    count = var.push_to == null || var.push_to == "swimlane" ? 0 : 1

    connector_id = local.connector_ids[var.push_to]
  }

  assert {
    condition     = alltrue([for t in data.servicenow_kibana_connector_test.this : t.ok])
    error_message = "The connector that cases are pushed with does not reach its system: ${join(" ", [for t in data.servicenow_kibana_connector_test.this : coalesce(t.service_message, t.message, "no reason given")])}"
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
