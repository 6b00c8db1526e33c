resource "servicenow_group" "soc" {
  name = "Security operations"
}

resource "servicenow_user" "integration" {
  user_name = "elastic.integration"
}

resource "servicenow_group_member" "integration" {
  group_id = servicenow_group.soc.id
  user_id  = servicenow_user.integration.id
}
