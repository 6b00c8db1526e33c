variable "client_secret" {
  description = "Secret that the client and its caller share."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "servicenow_user" "caller" {
  user_name               = "reports.caller"
  web_service_access_only = true
}

# Without it the instance refuses the client-credentials grant.
resource "servicenow_system_property" "client_credentials" {
  name  = "glide.oauth.inbound.client.credential.grant_type.enabled"
  value = "true"
}

data "servicenow_auth_scope" "account" {
  name = "useraccount"
}

# Its tokens open what its scopes open, and nothing else.
resource "servicenow_oauth_client" "reports" {
  name              = "Reports"
  user_id           = servicenow_user.caller.id
  client_secret_wo  = var.client_secret
  scope_restriction = "restricted"
  auth_scope_ids    = [data.servicenow_auth_scope.account.id]

  depends_on = [servicenow_system_property.client_credentials]
}
