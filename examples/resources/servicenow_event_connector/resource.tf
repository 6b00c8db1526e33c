resource "servicenow_event_connector" "monitoring" {
  name         = "Monitoring"
  source       = "monitoring"
  source_label = "Monitoring"
  description  = "Alerts of the monitoring tool"
}
