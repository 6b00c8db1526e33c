list "servicenow_record" "elastic" {
  provider = servicenow
  limit    = 1000

  config {
    table   = "sys_properties"
    query   = "nameSTARTSWITHx_elas2"
    columns = ["name", "value", "description"]
  }
}
