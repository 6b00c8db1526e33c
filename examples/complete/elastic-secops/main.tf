# Everything that Elastic's ServiceNow SecOps connector needs on both sides, with OAuth (JWT) instead of a password.
#
# Credentials come from the environment: SERVICENOW_USERNAME and SERVICENOW_PASSWORD (or another method of the provider)
# for ServiceNow, KIBANA_API_KEY (or KIBANA_USERNAME and KIBANA_PASSWORD) for Kibana.
provider "servicenow" {
  instance_url = var.servicenow_url

  kibana = {
    url      = var.kibana_url
    space_id = var.kibana_space_id
  }
}

# Once per instance: the application's cross-scope privileges.
module "application" {
  source = "../../modules/elastic-application"

  app = "secops"
}

# Once per integration: user, OAuth endpoint, certificates, CORS rule, connector, checks.
module "secops" {
  source = "../../modules/elastic-secops"

  application    = module.application
  name           = var.name
  user_name      = var.integration_user_name
  servicenow_url = var.servicenow_url
  kibana_url     = var.kibana_url
  certificates   = { for slot, path in var.certificate_files : slot => file(path) }
  active_slot    = var.active_slot

  secrets = {
    client_secret        = var.client_secret
    private_key          = var.private_key
    private_key_password = var.private_key_password
  }
}
