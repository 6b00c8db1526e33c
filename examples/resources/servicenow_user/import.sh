# By sys_id, or by user name.
terraform import servicenow_user.integration b892098e93d84b10153ffdc9dd03d6ae
terraform import servicenow_user.integration user_name=elastic.integration
