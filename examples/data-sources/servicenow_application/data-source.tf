data "servicenow_application" "elastic" {
  scope = "x_elas2_inc_int"
}

output "elastic_version" {
  value = data.servicenow_application.elastic.version
}
