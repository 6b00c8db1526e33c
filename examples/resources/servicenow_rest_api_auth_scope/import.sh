# By sys_id, or by name.
terraform import servicenow_rest_api_auth_scope.elastic 7ed716f893d80310153ffdc9dd03d686
terraform import servicenow_rest_api_auth_scope.elastic 'name=Elastic API'
