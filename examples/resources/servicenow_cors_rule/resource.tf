data "servicenow_rest_api" "elastic" {
  base_path = "/api/x_elas2_inc_int/elastic_api"
}

resource "servicenow_cors_rule" "kibana" {
  name         = "Elastic ITSM"
  domain       = "https://kibana.example.com:5601"
  rest_api_id  = data.servicenow_rest_api.elastic.id
  http_methods = ["GET"]
}
