# By sys_id, or by the sys_ids of user and role.
terraform import 'servicenow_user_role.integration["import_set_loader"]' 5e1f2a35c611228501d4ea6c309d6261
terraform import 'servicenow_user_role.integration["import_set_loader"]' b892098e93d84b10153ffdc9dd03d6ae/2831a114c611228501d4ea6c309d626d
