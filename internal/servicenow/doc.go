// Package servicenow holds the resources, data sources, ephemeral resources and functions that live on a ServiceNow
// instance, one file each.
package servicenow
