# By sys_id, or by name.
terraform import servicenow_rest_api_key.sender 5e1f2a35c611228501d4ea6c309d6261
terraform import servicenow_rest_api_key.sender 'name=Event sender'
