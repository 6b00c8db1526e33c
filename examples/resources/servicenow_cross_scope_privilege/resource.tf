data "servicenow_application" "elastic" {
  scope = "x_elas2_inc_int"
}

resource "servicenow_cross_scope_privilege" "elastic" {
  for_each = {
    for privilege in provider::servicenow::elastic_privileges("itsm") :
    "${privilege.target_name}:${privilege.operation}" => privilege
  }

  source_scope_id = data.servicenow_application.elastic.id
  target_scope_id = each.value.target_scope
  target_type     = each.value.target_type
  target_name     = each.value.target_name
  operation       = each.value.operation
}
