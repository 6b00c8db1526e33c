output "event_urls" {
  description = "URL that each sender posts its events to, with its key in the header x-sn-apikey."
  value       = { for name, instance in servicenow_event_connector_instance.sender : name => instance.url }
}

output "key_ids" {
  description = "sys_ids of the keys by sender and slot, as in \"aws/a\". The form api_key.do?sys_id=… shows a key: click the lock beside Token, and copy what appears."
  value       = { for key, record in servicenow_rest_api_key.sender : key => record.id }
}
