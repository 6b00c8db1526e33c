# By the sys_id of its v_plugin row, or by its id.
terraform import servicenow_plugin.api_keys 5e1f2a35c611228501d4ea6c309d6261
terraform import servicenow_plugin.api_keys plugin_id=com.glide.tokenbased_auth
