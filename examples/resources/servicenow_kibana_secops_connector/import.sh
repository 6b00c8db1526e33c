# By id, by name, and with the space where it is not the provider's.
terraform import servicenow_kibana_secops_connector.servicenow e07d0c80-8b8b-11ed-a780-3b746c987a82
terraform import servicenow_kibana_secops_connector.servicenow 'name=ServiceNow SecOps'
terraform import servicenow_kibana_secops_connector.servicenow 'operations/name=ServiceNow SecOps'
