# https://dev12345.service-now.com/api/sn_em_connector/em/inbound_event?source=aws
output "connector" {
  value = provider::servicenow::inbound_event_url("https://dev12345.service-now.com", "aws", null)
}

# https://dev12345.service-now.com/api/global/em/jsonv2
output "bulk" {
  value = provider::servicenow::inbound_event_url("https://dev12345.service-now.com", "aws", null, "jsonv2")
}
