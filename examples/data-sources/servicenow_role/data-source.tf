data "servicenow_role" "loader" {
  name = "import_set_loader"
}
