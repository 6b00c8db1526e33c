data "servicenow_auth_profile" "token" {
  name = "ID Token"
}

output "kind" {
  value = data.servicenow_auth_profile.token.kind # std_http_auth
}
