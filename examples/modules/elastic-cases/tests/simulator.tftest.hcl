# Runs against the Kibana that the environment names; see ../README.md.

variables {
  push_to                  = "servicenow_itsm"
  servicenow_itsm          = { url = "http://127.0.0.1:8080", username = "admin", name = "Test of elastic-cases" }
  servicenow_itsm_password = "admin"

  # Terraform 1.11 applies a run only where each ephemeral variable is set.
  servicenow_secops_password = ""
  jira_api_token             = ""
  resilient_api_key_secret   = ""
  swimlane_api_token         = ""

  fields = { impact = "2", urgency = "2" }
}

run "pushes_to_servicenow" {
  assert {
    condition     = keys(output.connector_ids) == ["servicenow_itsm"]
    error_message = "Not exactly the system in use has a connector."
  }
  assert {
    condition     = servicenow_kibana_case_settings.this.connector_id == output.connector_ids["servicenow_itsm"]
    error_message = "Cases are not pushed to it."
  }
}

run "closes_when_pushed" {
  variables {
    close_when_pushed = true
  }
  assert {
    condition     = servicenow_kibana_case_settings.this.closure_type == "close-by-pushing"
    error_message = "Pushed cases stay open."
  }
}

run "uses_a_connector_that_is_there" {
  variables {
    push_to         = "servicenow_secops"
    servicenow_itsm = null
    fields          = null
    connector_ids   = { servicenow_secops = run.closes_when_pushed.connector_ids["servicenow_itsm"] }
  }

  # A plan only, since the connector of the runs before is about to go.
  command = plan

  assert {
    condition     = servicenow_kibana_case_settings.this.connector_id == output.connector_ids["servicenow_secops"]
    error_message = "Cases are not pushed to it."
  }
}

run "refuses_other_systems" {
  command = plan

  variables {
    push_to = "zendesk"
  }
  expect_failures = [var.push_to]
}
