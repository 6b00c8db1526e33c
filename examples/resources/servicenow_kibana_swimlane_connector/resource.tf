variable "api_token" {
  description = "Personal access token of the Swimlane user."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "servicenow_kibana_swimlane_connector" "cases" {
  name           = "Swimlane"
  api_url        = "https://swimlane.example.com"
  application_id = "aw4YSgDCGhKfvuWzW"
  connector_type = "cases"
  api_token_wo   = var.api_token

  # A connector for cases needs these four.
  mappings = {
    case_id     = { id = "ae1mi", key = "case-id", name = "Case Id", field_type = "text" }
    case_name   = { id = "anxnr", key = "case-name", name = "Case Name", field_type = "text" }
    comments    = { id = "au18d", key = "comments", name = "Comments", field_type = "comments" }
    description = { id = "ayr5b", key = "description", name = "Description", field_type = "text" }
  }
}
