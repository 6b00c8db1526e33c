# By id, by name, and with the space where it is not the provider's.
terraform import servicenow_kibana_itsm_connector.servicenow e07d0c80-8b8b-11ed-a780-3b746c987a81
terraform import servicenow_kibana_itsm_connector.servicenow 'name=ServiceNow'
terraform import servicenow_kibana_itsm_connector.servicenow operations/e07d0c80-8b8b-11ed-a780-3b746c987a81
