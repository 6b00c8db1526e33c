# By sys_id, or by name.
terraform import servicenow_api_key_auth_profile.events 5e1f2a35c611228501d4ea6c309d6261
terraform import servicenow_api_key_auth_profile.events 'name=Event senders'
