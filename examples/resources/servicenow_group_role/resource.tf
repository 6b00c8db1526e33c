resource "servicenow_group" "soc" {
  name = "Security operations"
}

data "servicenow_role" "personalize_choices" {
  name = "personalize_choices"
}

resource "servicenow_group_role" "soc" {
  group_id = servicenow_group.soc.id
  role_id  = data.servicenow_role.personalize_choices.id
}
