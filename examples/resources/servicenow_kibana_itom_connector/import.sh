# By id, by name, and with the space where it is not the provider's.
terraform import servicenow_kibana_itom_connector.events e07d0c80-8b8b-11ed-a780-3b746c987a83
terraform import servicenow_kibana_itom_connector.events 'name=ServiceNow events'
terraform import servicenow_kibana_itom_connector.events 'operations/name=ServiceNow events'
