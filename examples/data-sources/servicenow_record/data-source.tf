data "servicenow_record" "cors" {
  table = "sys_properties"
  query = "name=glide.rest.cors.enabled"
}

output "cors_enabled" {
  value = data.servicenow_record.cors.record.value
}
