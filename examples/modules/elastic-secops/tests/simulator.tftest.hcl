# Runs against the servers that the environment names, with two key pairs beside this file; see ../README.md. A failing
# check fails its run, so each of these also proves that Kibana reaches ServiceNow.

variables {
  servicenow_url = "http://127.0.0.1:8080"
  kibana_url     = "http://127.0.0.1:5601"
  name           = "Test of elastic-secops"
}

run "application" {
  module {
    source = "../elastic-application"
  }

  variables {
    app = "secops"
  }
}

run "connects" {
  variables {
    application  = run.application
    certificates = { a = file("./tests/a.crt") }
    secrets      = { client_secret = "a secret of the test", private_key = file("./tests/a.pem") }
  }

  assert {
    condition     = module.instance.user_identifier == "test.of.elastic.secops"
    error_message = "The user is not named after the integration."
  }
  assert {
    condition     = length(module.instance.key_id) > 0 && servicenow_kibana_secops_connector.this.is_deprecated == false
    error_message = "The connector is not a current one."
  }
}

# The rotation of a key pair: each step is an apply, and none has a failing check.

run "rotation_adds_the_second_slot" {
  variables {
    application  = run.application
    certificates = { a = file("./tests/a.crt"), b = file("./tests/b.crt") }
    secrets      = { client_secret = "a secret of the test", private_key = file("./tests/a.pem") }
  }

  assert {
    condition     = length(output.jwt_key_ids) == 2 && output.jwt_key_id == output.jwt_key_ids["a"]
    error_message = "There is no second key, or Kibana changed keys before it was told to."
  }
}

run "rotation_switches" {
  variables {
    application  = run.application
    certificates = { a = file("./tests/a.crt"), b = file("./tests/b.crt") }
    active_slot  = "b"
    secrets      = { client_secret = "a secret of the test", private_key = file("./tests/b.pem") }
  }

  assert {
    condition     = output.jwt_key_id == output.jwt_key_ids["b"]
    error_message = "Kibana does not sign with the second key."
  }
}

run "rotation_removes_the_first_slot" {
  variables {
    application  = run.application
    certificates = { b = file("./tests/b.crt") }
    active_slot  = "b"
    secrets      = { client_secret = "a secret of the test", private_key = file("./tests/b.pem") }
  }

  assert {
    condition     = keys(output.jwt_key_ids) == ["b"] && output.jwt_key_id == output.jwt_key_ids["b"]
    error_message = "The second key is not the only one."
  }
}

run "refuses_another_application" {
  command = plan

  variables {
    application  = { app = "other", rest_api_id = "", role_ids = {}, health_path = "" }
    certificates = { a = file("./tests/a.crt") }
    secrets      = { client_secret = "a secret of the test", private_key = file("./tests/a.pem") }
  }
  expect_failures = [var.application]
}
