# Needs no server, but a certificate beside this file: what the variables refuse. The modules elastic-itsm and elastic-secops test the rest.

mock_provider "servicenow" {
  # What references look like: OpenTofu already plans with mocked values.
  mock_resource "servicenow_certificate" {
    defaults = {
      id = "00000000000000000000000000000001"
    }
  }
  mock_resource "servicenow_oauth_jwt_endpoint" {
    defaults = {
      id = "00000000000000000000000000000002"
    }
  }
  mock_resource "servicenow_user" {
    defaults = {
      id = "00000000000000000000000000000003"
    }
  }
}

variables {
  application   = { rest_api_id = "0a1b2c3d4e5f60718293a4b5c6d7e8f9", role_ids = {} }
  name          = "Test"
  user_name     = "test"
  kibana_url    = "https://kibana.example.com"
  certificates  = { a = file("./tests/a.crt") }
  active_slot   = "a"
  client_secret = "secret"
}

run "knows_two_slots" {
  command = plan

  variables {
    certificates = { c = file("./tests/a.crt") }
    active_slot  = "c"
  }
  expect_failures = [var.certificates]
}

run "wants_a_certificate" {
  command = plan

  variables {
    certificates = {}
  }
  expect_failures = [var.certificates]
}

run "signs_with_a_slot_that_has_a_certificate" {
  command = plan

  variables {
    active_slot = "b"
  }
  expect_failures = [var.active_slot]
}
