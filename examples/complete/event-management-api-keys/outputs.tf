output "event_urls" {
  description = "URL that each sender posts its events to, with its key in the header x-sn-apikey."
  value       = module.senders.event_urls
}

output "key_forms" {
  description = "Forms that show the keys: click the lock beside Token, and copy what appears."
  value       = { for key, id in module.senders.key_ids : key => "${var.servicenow_url}/api_key.do?sys_id=${id}" }
}
