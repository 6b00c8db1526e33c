# What belongs to one of Elastic's applications on the instance, and not to an integration that uses it: the application,
# and the privileges by which it reads and writes outside its own scope. Applied once per instance.

locals {
  scope = { itsm = "x_elas2_inc_int", secops = "x_elas2_sir_int" }[var.app]
}

resource "servicenow_store_application" "elastic" {
  count = var.install ? 1 : 0

  scope   = local.scope
  version = var.application_version
}

# The application brings the import set table, the roles and the REST API that integrations use.
data "servicenow_elastic_application" "elastic" {
  app = var.app

  lifecycle {
    postcondition {
      condition     = self.installed
      error_message = "The application is not installed: get it from the ServiceNow Store, or set install = true."
    }
  }

  depends_on = [servicenow_store_application.elastic]
}

resource "servicenow_cross_scope_privilege" "elastic" {
  for_each = {
    for privilege in provider::servicenow::elastic_privileges(var.app) :
    "${privilege.target_name}:${privilege.operation}" => privilege if var.manage_privileges
  }

  source_scope_id = local.scope
  target_scope_id = each.value.target_scope
  target_type     = each.value.target_type
  target_name     = each.value.target_name
  operation       = each.value.operation

  depends_on = [data.servicenow_elastic_application.elastic]
}

data "servicenow_role" "elastic" {
  for_each = toset(provider::servicenow::elastic_roles(var.app))

  name = each.value

  depends_on = [data.servicenow_elastic_application.elastic]
}

data "servicenow_rest_api" "elastic" {
  base_path = "/api/${local.scope}/elastic_api"

  depends_on = [data.servicenow_elastic_application.elastic]
}
