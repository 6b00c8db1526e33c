# The external connections of Elastic's cases: a connector for each system in use, and the one that cases are pushed to.
#
# Credentials for Kibana come from the environment: KIBANA_API_KEY, or KIBANA_USERNAME and KIBANA_PASSWORD.
provider "servicenow" {
  kibana = {
    url      = var.kibana_url
    space_id = var.kibana_space_id
  }
}

module "cases" {
  source = "../../modules/elastic-cases"

  owner             = var.owner
  push_to           = var.push_to
  close_when_pushed = var.close_when_pushed
  fields            = var.fields

  servicenow_itsm   = var.servicenow_itsm
  servicenow_secops = var.servicenow_secops
  jira              = var.jira
  resilient         = var.resilient
  swimlane          = var.swimlane

  servicenow_itsm_password   = var.servicenow_itsm_password
  servicenow_secops_password = var.servicenow_secops_password
  jira_api_token             = var.jira_api_token
  resilient_api_key_secret   = var.resilient_api_key_secret
  swimlane_api_token         = var.swimlane_api_token
}
