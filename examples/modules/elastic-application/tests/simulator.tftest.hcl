# Runs against the instance that the environment names; see ../README.md.

variables {
  app = "itsm"
}

run "grants_what_the_application_needs" {
  assert {
    condition     = length(servicenow_cross_scope_privilege.elastic) == 6
    error_message = "Elastic for ITSM needs six privileges."
  }
  assert {
    condition     = alltrue([for p in servicenow_cross_scope_privilege.elastic : p.status == "allowed"])
    error_message = "A privilege is not allowed."
  }
  assert {
    condition     = length(output.role_ids) == 4 && output.health_path == "/api/x_elas2_inc_int/elastic_api/health"
    error_message = "The outputs are not those of Elastic for ITSM."
  }
}

run "owns_nothing_where_another_state_does" {
  command = plan

  variables {
    manage_privileges = false
  }
  assert {
    condition     = length(servicenow_cross_scope_privilege.elastic) == 0
    error_message = "It owns privileges."
  }
}

run "refuses_other_applications" {
  command = plan

  variables {
    app = "sir"
  }
  expect_failures = [var.app]
}
