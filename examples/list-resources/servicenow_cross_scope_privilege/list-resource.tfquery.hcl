list "servicenow_cross_scope_privilege" "found" {
  provider = servicenow

  config {
    query = "source_scope.scope=x_elas2_inc_int"
  }
}
