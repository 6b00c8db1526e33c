# One integration of Kibana with Elastic ITSM: the integration user, the OAuth endpoint and the CORS rule on the instance, and the
# connector in Kibana. It has no provider block, so that count, for_each and several instances work.

module "instance" {
  source = "../elastic-oauth"

  application   = var.application
  name          = var.name
  user_name     = coalesce(var.user_name, lower(join(".", regexall("[[:alnum:]]+", var.name))))
  kibana_url    = var.kibana_url
  certificates  = var.certificates
  active_slot   = var.active_slot
  client_secret = var.secrets.client_secret
}

# Last to come and first to go: while the connector exists, it works.
resource "servicenow_kibana_itsm_connector" "this" {
  name     = var.name
  space_id = var.space_id
  api_url  = var.servicenow_url

  oauth = {
    client_id               = module.instance.client_id
    client_secret_wo        = var.secrets.client_secret
    jwt_key_id              = module.instance.key_id
    user_identifier         = module.instance.user_identifier
    private_key_wo          = var.secrets.private_key
    private_key_password_wo = var.secrets.private_key_password
  }
}
