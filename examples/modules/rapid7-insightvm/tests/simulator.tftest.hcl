# Runs against the instance that the environment names; see ../README.md.

variables {
  name    = "Test of rapid7-insightvm"
  region  = "Europe"
  api_key = "a key of the test"
}

run "configures_the_region" {
  assert {
    condition     = output.api_host == "eu.api.insight.rapid7.com"
    error_message = "The host is not Europe's."
  }
  assert {
    condition     = servicenow_security_integration.insightvm.parameters[var.parameter_names.region] == output.api_host
    error_message = "The integration has another host."
  }
  assert {
    condition     = length(servicenow_store_application.rapid7) == 1
    error_message = "It does not see to the application."
  }
}

run "leaves_the_application_to_another_state" {
  variables {
    install = false
  }
  assert {
    condition     = length(servicenow_store_application.rapid7) == 0
    error_message = "It sees to the application."
  }
}
