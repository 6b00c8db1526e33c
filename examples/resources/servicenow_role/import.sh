# By sys_id, or by name.
terraform import servicenow_role.reader 2831a114c611228501d4ea6c309d626d
terraform import servicenow_role.reader name=x_acme.reader
