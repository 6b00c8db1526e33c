# By sys_id, or by name. The client secret cannot be read, so it counts as unchanged until the next write.
terraform import servicenow_oauth_jwt_endpoint.kibana 3ed716f893d80310153ffdc9dd03d682
terraform import servicenow_oauth_jwt_endpoint.kibana 'name=Kibana'
