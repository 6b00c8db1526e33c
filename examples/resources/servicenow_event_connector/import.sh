# By sys_id, or by name.
terraform import servicenow_event_connector.monitoring 5e1f2a35c611228501d4ea6c309d6261
terraform import servicenow_event_connector.monitoring name=Monitoring
