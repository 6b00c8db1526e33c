# By sys_id, or by name and type.
terraform import servicenow_auth_parameter.vendor 5e1f2a35c611228501d4ea6c309d6261
terraform import servicenow_auth_parameter.vendor x-vendor-key/auth_header
