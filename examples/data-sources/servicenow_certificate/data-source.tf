data "servicenow_certificate" "kibana" {
  name = "Elastic ITSM"
}
