# By sys_id, or by name; the mapped profiles come along.
terraform import servicenow_rest_api_access_policy.events 5e1f2a35c611228501d4ea6c309d6261
terraform import servicenow_rest_api_access_policy.events 'name=Event connectors'
