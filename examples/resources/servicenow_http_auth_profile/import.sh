# By sys_id, or by name.
terraform import servicenow_http_auth_profile.basic 5e1f2a35c611228501d4ea6c309d6261
terraform import servicenow_http_auth_profile.basic 'name=Basic authentication'
