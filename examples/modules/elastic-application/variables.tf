variable "app" {
  description = "Which of Elastic's store applications: itsm (Elastic for ITSM) or secops (Elastic for SecOps)."
  type        = string

  validation {
    condition     = contains(["itsm", "secops"], var.app)
    error_message = "app must be itsm or secops."
  }
}

variable "install" {
  description = "Whether to install the application, by the CI/CD API. The company must be entitled to it."
  type        = bool
  default     = false
}

variable "application_version" {
  description = "Version to install; null for the latest when it is installed."
  type        = string
  default     = null
}

variable "manage_privileges" {
  description = "Whether this state owns the cross-scope privileges. Exactly one per instance does; others set false."
  type        = bool
  default     = true
}
