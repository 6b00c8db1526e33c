resource "servicenow_store_application" "elastic" {
  scope   = "x_elas2_inc_int"
  version = "1.0.0"
}
