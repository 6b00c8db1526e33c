# Event Management's push connectors with API keys: each sender has a user, a key and a URL of its own, and no password.
#
# Credentials come from the environment: SERVICENOW_USERNAME and SERVICENOW_PASSWORD, or another method of the provider.
provider "servicenow" {
  instance_url = var.servicenow_url
}

# Once per instance: the plugin, the authentication profiles and the access policy of the connectors' API.
module "access" {
  source = "../../modules/event-management-access"

  name                = var.name
  key_parameter_types = var.key_parameter_types
}

# Once per team: its senders.
module "senders" {
  source = "../../modules/event-management-api-keys"

  access          = module.access
  name            = var.name
  senders         = var.senders
  checked_senders = var.checked_senders
  sender_keys     = var.sender_keys
}
