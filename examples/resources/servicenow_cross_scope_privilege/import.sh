# By sys_id, or by source scope, target scope, target type, target name and operation. Records that the platform wrote
# itself need no import: they are taken over.
terraform import 'servicenow_cross_scope_privilege.elastic["incident:read"]' 7c3f6a1cdb2203006f4ad9c3ca961922
terraform import 'servicenow_cross_scope_privilege.elastic["incident:read"]' 8f1a2b3c4d5e6f708192a3b4c5d6e7f8/global/sys_db_object/incident/read
