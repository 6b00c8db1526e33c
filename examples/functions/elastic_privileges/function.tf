# 6 privileges for itsm, 14 for secops: { target_scope, target_name, target_type, operation }.
output "privileges" {
  value = provider::servicenow::elastic_privileges("itsm")
}
