data "servicenow_rest_api" "elastic" {
  base_path = "/api/x_elas2_inc_int/elastic_api"
}

resource "servicenow_auth_scope" "elastic" {
  name = "elastic"
}

# From now on, tokens open this API only if their client holds the scope.
resource "servicenow_rest_api_auth_scope" "elastic" {
  name          = "Elastic API"
  auth_scope_id = servicenow_auth_scope.elastic.id
  rest_api_id   = data.servicenow_rest_api.elastic.id
}
