# By sys_id, or by scope.
terraform import servicenow_store_application.elastic 5e1f2a35c611228501d4ea6c309d6261
terraform import servicenow_store_application.elastic scope=x_elas2_inc_int
