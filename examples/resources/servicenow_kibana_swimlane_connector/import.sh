# By id, by name, and with the space where it is not the provider's.
terraform import servicenow_kibana_swimlane_connector.cases e07d0c80-8b8b-11ed-a780-3b746c987a86
terraform import servicenow_kibana_swimlane_connector.cases name=Swimlane
terraform import servicenow_kibana_swimlane_connector.cases operations/name=Swimlane
