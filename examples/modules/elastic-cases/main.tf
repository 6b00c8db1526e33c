# The external connections of Elastic's cases: a connector for each system in use, and the one that cases are pushed to.
# It has no provider block, so that count, for_each and several instances work.

resource "servicenow_kibana_itsm_connector" "this" {
  count = var.servicenow_itsm == null ? 0 : 1

  space_id = var.space_id
  name     = var.servicenow_itsm.name
  api_url  = var.servicenow_itsm.url

  # The module elastic-itsm uses OAuth instead, and prepares the instance too: give its connector in connector_ids.
  basic_auth = {
    username_wo = var.servicenow_itsm.username
    password_wo = var.servicenow_itsm_password
  }
}

resource "servicenow_kibana_secops_connector" "this" {
  count = var.servicenow_secops == null ? 0 : 1

  space_id = var.space_id
  name     = var.servicenow_secops.name
  api_url  = var.servicenow_secops.url

  basic_auth = {
    username_wo = var.servicenow_secops.username
    password_wo = var.servicenow_secops_password
  }
}

resource "servicenow_kibana_jira_connector" "this" {
  count = var.jira == null ? 0 : 1

  space_id     = var.space_id
  name         = var.jira.name
  api_url      = var.jira.url
  project_key  = var.jira.project_key
  email_wo     = var.jira.email
  api_token_wo = var.jira_api_token
}

resource "servicenow_kibana_resilient_connector" "this" {
  count = var.resilient == null ? 0 : 1

  space_id          = var.space_id
  name              = var.resilient.name
  api_url           = var.resilient.url
  organization_id   = var.resilient.organization_id
  api_key_id_wo     = var.resilient.api_key_id
  api_key_secret_wo = var.resilient_api_key_secret
}

resource "servicenow_kibana_swimlane_connector" "this" {
  count = var.swimlane == null ? 0 : 1

  space_id       = var.space_id
  name           = var.swimlane.name
  api_url        = var.swimlane.url
  application_id = var.swimlane.application_id
  connector_type = "cases"
  mappings       = var.swimlane.mappings
  api_token_wo   = var.swimlane_api_token
}

locals {
  connector_ids = merge(
    var.connector_ids,
    { for c in servicenow_kibana_itsm_connector.this : "servicenow_itsm" => c.connector_id },
    { for c in servicenow_kibana_secops_connector.this : "servicenow_secops" => c.connector_id },
    { for c in servicenow_kibana_jira_connector.this : "jira" => c.connector_id },
    { for c in servicenow_kibana_resilient_connector.this : "resilient" => c.connector_id },
    { for c in servicenow_kibana_swimlane_connector.this : "swimlane" => c.connector_id },
  )
}

# The settings are taken over as they are: custom fields and templates that people made in Kibana stay.
resource "servicenow_kibana_case_settings" "this" {
  owner            = var.owner
  space_id         = var.space_id
  connector_id     = var.push_to == null ? null : local.connector_ids[var.push_to]
  connector_fields = var.fields == null ? null : jsonencode(var.fields)
  closure_type     = var.close_when_pushed ? "close-by-pushing" : "close-by-user"
}
