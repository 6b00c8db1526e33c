variable "api_key" {
  description = "REST API key of the sender."
  type        = string
  ephemeral   = true
  sensitive   = true
}

data "servicenow_event_connector" "elastic" {
  source = "elastic"
}

# Proves that the sender's key opens the way: terraform apply -invoke=action.servicenow_send_event.test
action "servicenow_send_event" "test" {
  config {
    source  = data.servicenow_event_connector.elastic.source
    api_key = var.api_key
    event = jsonencode({
      node        = "terraform"
      severity    = "5"
      description = "A test of the event connector"
    })
  }
}
