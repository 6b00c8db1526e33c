variable "application" {
  description = "What the module elastic-application returns for the app secops."
  type = object({
    app         = string
    rest_api_id = string
    role_ids    = map(string)
    health_path = string
  })

  validation {
    condition     = var.application.app == "secops"
    error_message = "application must be the module elastic-application with app = \"secops\"."
  }
}

variable "servicenow_url" {
  description = "ServiceNow instance as Kibana reaches it, such as https://dev12345.service-now.com."
  type        = string
}

variable "kibana_url" {
  description = "Kibana, with its port if it has one, as browsers see it: the CORS rule admits exactly this origin."
  type        = string
}

variable "space_id" {
  description = "Kibana space that gets the connector; null for the provider's."
  type        = string
  default     = null
}

variable "name" {
  description = "Name of everything this integration makes, in both products. Two integrations need two names."
  type        = string
  default     = "Elastic SecOps"
}

variable "user_name" {
  description = "User ID of the user that security incidents are created as; null to make it of the name, as in elastic.secops. Not an administrator: ServiceNow refuses those by JWT."
  type        = string
  default     = null
}

variable "certificates" {
  description = "X.509 certificates (PEM) by slot: { a = … }; both a and b while a key pair is replaced."
  type        = map(string)
}

variable "active_slot" {
  description = "Slot of the certificate whose private key is in secrets."
  type        = string
  default     = "a"
}

# Ephemeral: Terraform stores it in neither plan nor state, so every run that may change something needs it again.
variable "secrets" {
  description = "Client secret, which ServiceNow's OAuth endpoint and Kibana's connector share: any long random text. RSA private key (PEM) of the active slot, and its password if it has one."
  type = object({
    client_secret        = string
    private_key          = string
    private_key_password = optional(string)
  })
  ephemeral = true
  sensitive = true
}
