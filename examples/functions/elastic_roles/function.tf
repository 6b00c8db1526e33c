# ["import_set_loader", "import_transformer", "personalize_choices", "x_elas2_inc_int.integration_user"]
output "roles" {
  value = provider::servicenow::elastic_roles("itsm")
}
