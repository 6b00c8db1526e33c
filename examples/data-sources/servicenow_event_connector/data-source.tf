data "servicenow_event_connector" "aws" {
  source = "aws"
}
