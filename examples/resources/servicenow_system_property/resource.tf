# Most properties exist already: such a one is taken over, and a destroy restores the value that it had.
resource "servicenow_system_property" "client_credentials" {
  name  = "glide.oauth.inbound.client.credential.grant_type.enabled"
  value = "true"
}
