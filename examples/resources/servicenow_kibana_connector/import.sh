# By id, by name, and with the space where it is not the provider's.
terraform import servicenow_kibana_connector.webhook e07d0c80-8b8b-11ed-a780-3b746c987a87
terraform import servicenow_kibana_connector.webhook 'name=On-call webhook'
terraform import servicenow_kibana_connector.webhook operations/e07d0c80-8b8b-11ed-a780-3b746c987a87
