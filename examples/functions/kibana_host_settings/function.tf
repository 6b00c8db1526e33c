# For kibana.yml: no API sets this.
output "host_settings" {
  value = provider::servicenow::kibana_host_settings([
    { url = "https://dev12345.service-now.com" },
    { url = "https://servicenow.example.com:8443", verification_mode = "certificate" },
  ])
}
