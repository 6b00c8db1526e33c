# eu.api.insight.rapid7.com
output "host" {
  value = provider::servicenow::rapid7_api_host("Europe")
}
