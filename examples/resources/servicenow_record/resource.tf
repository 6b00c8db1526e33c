resource "servicenow_record" "cors" {
  table = "sys_properties"
  values = {
    name  = "glide.rest.cors.enabled"
    value = "true"
    type  = "boolean"
  }
  computed_columns = ["sys_updated_by"]
}
