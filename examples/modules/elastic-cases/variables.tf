variable "space_id" {
  description = "Kibana space whose cases are connected; null for the provider's."
  type        = string
  default     = null
}

variable "owner" {
  description = "Whose cases: securitySolution, observability, or cases (Stack Management)."
  type        = string
  default     = "securitySolution"
}

variable "push_to" {
  description = "Where cases go: servicenow_itsm, servicenow_secops, jira, resilient, swimlane, or null for nowhere."
  type        = string
  default     = null

  validation {
    condition = contains(
      ["servicenow_itsm", "servicenow_secops", "jira", "resilient", "swimlane", "nowhere"],
      coalesce(var.push_to, "nowhere"),
    )
    error_message = "push_to must be servicenow_itsm, servicenow_secops, jira, resilient, swimlane or null."
  }
}

variable "close_when_pushed" {
  description = "Whether a push closes the case."
  type        = bool
  default     = false
}

variable "fields" {
  description = "Values for new cases, by the system's keys: { impact = \"2\" } for ServiceNow ITSM."
  type        = any
  default     = null
}

variable "connector_ids" {
  description = "Connectors that are there already, by system, such as { servicenow_itsm = module.itsm.connector_id }."
  type        = map(string)
  default     = {}
}

# Systems. One that is null gets no connector.

variable "servicenow_itsm" {
  description = "ServiceNow instance with Elastic for ITSM."
  type        = object({ url = string, username = string, name = optional(string, "ServiceNow ITSM") })
  default     = null
}

variable "servicenow_secops" {
  description = "ServiceNow instance with Security Incident Response and Elastic for SecOps."
  type        = object({ url = string, username = string, name = optional(string, "ServiceNow SecOps") })
  default     = null
}

variable "jira" {
  description = "Jira project."
  type        = object({ url = string, project_key = string, email = string, name = optional(string, "Jira") })
  default     = null
}

variable "resilient" {
  description = "IBM Resilient organization."
  type = object({
    url = string, organization_id = string, api_key_id = string, name = optional(string, "IBM Resilient")
  })
  default = null
}

variable "swimlane" {
  description = "Swimlane application, and its fields for cases: case_id, case_name, comments and description."
  type = object({
    url            = string
    application_id = string
    name           = optional(string, "Swimlane")
    mappings       = map(object({ id = string, key = string, name = string, field_type = string }))
  })
  default = null
}

# Ephemeral: Terraform stores these in neither plan nor state, so every run that may change something needs them again.

variable "servicenow_itsm_password" {
  description = "Password of servicenow_itsm.username."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}

variable "servicenow_secops_password" {
  description = "Password of servicenow_secops.username."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}

variable "jira_api_token" {
  description = "API token of jira.email."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}

variable "resilient_api_key_secret" {
  description = "Secret of resilient.api_key_id."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}

variable "swimlane_api_token" {
  description = "Personal access token for Swimlane."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}
