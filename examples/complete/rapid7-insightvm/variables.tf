variable "servicenow_url" {
  description = "ServiceNow instance, such as https://dev12345.service-now.com."
  type        = string
}

variable "region" {
  description = "Region of the Insight platform that InsightVM is set up in: United States, Europe, Canada, Japan or Australia. With another one no data arrives, without an error."
  type        = string
}

variable "name" {
  description = "Name of the integration instance."
  type        = string
  default     = "InsightVM"
}

variable "active" {
  description = "Whether the integration runs."
  type        = bool
  default     = true
}

variable "parameters" {
  description = "Further parameters by name, such as { close_stale_detections = \"true\" }. The output parameters lists what there is."
  type        = map(string)
  default     = {}
}

variable "parameter_names" {
  description = "Names of the two parameters on this release of the application. The output parameters lists what there is."
  type        = object({ region = string, api_key = string })
  default     = { region = "insightvm_region", api_key = "api_key" }
}

variable "integration_name" {
  description = "Name of the integration (sn_sec_int_integration)."
  type        = string
  default     = "Rapid7 InsightVM Integration"
}

variable "application_scope" {
  description = "Scope of the store application."
  type        = string
  default     = "sn_vul_r7"
}

variable "application_version" {
  description = "Version of the store application; null for the latest when it is installed."
  type        = string
  default     = null
}

# Ephemeral: Terraform stores it in neither plan nor state, so every run that may change something needs it again.
variable "api_key" {
  description = "User key of the Insight platform (API Keys, User Key)."
  type        = string
  ephemeral   = true
  sensitive   = true
}
