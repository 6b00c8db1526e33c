# Runs against the instance that the environment names; see ../README.md.

variables {
  name    = "Test of event-management-api-keys"
  senders = { aws = { user_name = "test.aws", source = "test-aws" } }

  # Terraform 1.11 applies a run only where each ephemeral variable is set.
  sender_keys = {}
}

run "access" {
  module {
    source = "../event-management-access"
  }
}

run "lets_a_sender_in" {
  variables {
    access = run.access
  }
  assert {
    condition     = strcontains(output.event_urls["aws"], "/api/sn_em_connector/em/inbound_event?source=test-aws")
    error_message = "The URL is not the sender's."
  }
  assert {
    condition     = keys(output.key_ids) == ["aws/a"]
    error_message = "The sender has not exactly one key."
  }
}

run "rotation_adds_the_second_key" {
  variables {
    access  = run.access
    senders = { aws = { user_name = "test.aws", source = "test-aws", key_slots = ["a", "b"] } }
  }
  assert {
    condition     = keys(output.key_ids) == ["aws/a", "aws/b"]
    error_message = "The sender has not exactly two keys."
  }
}

run "rotation_removes_the_first_key" {
  variables {
    access  = run.access
    senders = { aws = { user_name = "test.aws", source = "test-aws", key_slots = ["b"] } }
  }
  assert {
    condition     = keys(output.key_ids) == ["aws/b"]
    error_message = "The second key is not the only one."
  }
}

run "knows_two_slots" {
  command = plan

  variables {
    access  = run.access
    senders = { aws = { user_name = "test.aws", source = "test-aws", key_slots = ["c"] } }
  }
  expect_failures = [var.senders]
}
