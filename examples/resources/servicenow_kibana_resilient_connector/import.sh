# By id, by name, and with the space where it is not the provider's.
terraform import servicenow_kibana_resilient_connector.resilient e07d0c80-8b8b-11ed-a780-3b746c987a85
terraform import servicenow_kibana_resilient_connector.resilient 'name=IBM Resilient'
terraform import servicenow_kibana_resilient_connector.resilient 'operations/name=IBM Resilient'
