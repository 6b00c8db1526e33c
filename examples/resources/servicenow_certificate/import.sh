# By sys_id, or by name.
terraform import servicenow_certificate.kibana 3ed716f893d80310153ffdc9dd03d681
terraform import servicenow_certificate.kibana 'name=Kibana'
