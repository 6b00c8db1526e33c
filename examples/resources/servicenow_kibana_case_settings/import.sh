# By owner, and with the space where it is not the provider's.
terraform import servicenow_kibana_case_settings.security securitySolution
terraform import servicenow_kibana_case_settings.security operations/securitySolution
