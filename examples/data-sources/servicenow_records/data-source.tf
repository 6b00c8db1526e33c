data "servicenow_records" "integration_users" {
  table   = "sys_user"
  query   = "web_service_access_only=true^active=true"
  columns = ["sys_id", "user_name", "last_login_time"]
  limit   = 500
}

output "integration_users" {
  value = data.servicenow_records.integration_users.records[*].user_name
}
