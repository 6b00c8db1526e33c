# By sys_id, or by name.
terraform import servicenow_group.soc d625dccec0a8016700a222a0f7900d06
terraform import servicenow_group.soc 'name=Security operations'
