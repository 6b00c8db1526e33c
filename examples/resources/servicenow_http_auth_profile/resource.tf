# Beside an API key's profile: what a policy does not map, it shuts out.
resource "servicenow_http_auth_profile" "basic" {
  name = "Basic authentication"
}
