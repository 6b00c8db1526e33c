# By sys_id, or by name.
terraform import servicenow_cors_rule.kibana 1eb002d593940710153ffdc9dd03d6bd
terraform import servicenow_cors_rule.kibana 'name=Elastic ITSM'
