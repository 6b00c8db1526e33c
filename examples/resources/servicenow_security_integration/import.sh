# By sys_id, or by name.
terraform import servicenow_security_integration.rapid7 5e1f2a35c611228501d4ea6c309d6261
terraform import servicenow_security_integration.rapid7 name=InsightVM
