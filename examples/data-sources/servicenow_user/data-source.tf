data "servicenow_user" "admin" {
  user_name = "admin"
}
