# By sys_id, or by name. The client secret cannot be read: a configuration that sets one sends it with the next apply.
terraform import servicenow_oauth_client.reports 4ed716f893d80310153ffdc9dd03d683
terraform import servicenow_oauth_client.reports 'name=Reports'
