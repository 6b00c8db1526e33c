# By sys_id, or by the endpoint's sys_id and the map's name.
terraform import servicenow_jwt_verifier_map.kibana 3ed716f893d80310153ffdc9dd03d683
terraform import servicenow_jwt_verifier_map.kibana '3ed716f893d80310153ffdc9dd03d682/Kibana'
