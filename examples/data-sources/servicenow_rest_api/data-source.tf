data "servicenow_rest_api" "elastic" {
  base_path = "/api/x_elas2_inc_int/elastic_api"
}
