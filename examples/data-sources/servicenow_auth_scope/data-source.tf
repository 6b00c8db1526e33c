data "servicenow_auth_scope" "account" {
  name = "useraccount"
}
