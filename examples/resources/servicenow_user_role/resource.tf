resource "servicenow_user" "integration" {
  user_name = "elastic.integration"
}

data "servicenow_role" "elastic" {
  for_each = toset(provider::servicenow::elastic_roles("itsm"))

  name = each.value
}

resource "servicenow_user_role" "integration" {
  for_each = data.servicenow_role.elastic

  user_id = servicenow_user.integration.id
  role_id = each.value.id
}
