# By sys_id, or by name.
terraform import servicenow_auth_scope.reports 6ed716f893d80310153ffdc9dd03d685
terraform import servicenow_auth_scope.reports 'name=reports'
