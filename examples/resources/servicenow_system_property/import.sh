# By sys_id, or by name. An imported property is deleted by destroy; one that is taken over by a create is restored.
terraform import servicenow_system_property.client_credentials 5ed716f893d80310153ffdc9dd03d684
terraform import servicenow_system_property.client_credentials 'name=glide.oauth.inbound.client.credential.grant_type.enabled'
