data "servicenow_elastic_application" "itsm" {
  app = "itsm"

  lifecycle {
    postcondition {
      condition     = self.installed
      error_message = "Elastic for ITSM is not installed on the instance."
    }
  }
}
