# By id, by name, and with the space where it is not the provider's.
terraform import servicenow_kibana_jira_connector.jira e07d0c80-8b8b-11ed-a780-3b746c987a84
terraform import servicenow_kibana_jira_connector.jira name=Jira
terraform import servicenow_kibana_jira_connector.jira operations/name=Jira
