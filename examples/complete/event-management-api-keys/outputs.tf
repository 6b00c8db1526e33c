output "event_urls" {
  description = "URL that each sender posts its events to, with its key in the header x-sn-apikey."
  value       = { for name, instance in servicenow_event_connector_instance.sender : name => instance.url }
}

output "key_forms" {
  description = "Forms that show the keys: click the lock beside Token, and copy what appears."
  value       = { for name, key in servicenow_rest_api_key.sender : name => "${var.servicenow_url}/api_key.do?sys_id=${key.id}" }
}
