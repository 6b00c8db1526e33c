# By table, sys_id and the columns to own; without columns, the first plan shows those of the configuration.
terraform import servicenow_record.cors sys_properties/5e1f2a35c611228501d4ea6c309d6261/name,value,type
terraform import servicenow_record.cors sys_properties/5e1f2a35c611228501d4ea6c309d6261
