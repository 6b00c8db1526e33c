data "servicenow_event_connector" "aws" {
  source = "aws"
}

resource "servicenow_event_connector_instance" "production" {
  name               = "AWS production"
  event_connector_id = data.servicenow_event_connector.aws.id
}

output "event_url" {
  value = servicenow_event_connector_instance.production.url
}
