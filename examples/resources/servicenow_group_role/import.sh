# By sys_id, or by the sys_ids of group and role.
terraform import servicenow_group_role.soc 0a826bf03710200044e0bfc8bcbe5d7b
terraform import servicenow_group_role.soc d625dccec0a8016700a222a0f7900d06/2831a114c611228501d4ea6c309d626d
