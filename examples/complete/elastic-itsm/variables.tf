variable "servicenow_url" {
  description = "ServiceNow instance, such as https://dev12345.service-now.com, for Terraform and for Kibana."
  type        = string
}

variable "kibana_url" {
  description = "Kibana, with its port if it has one, as browsers see it: the CORS rule admits exactly this origin."
  type        = string
}

variable "kibana_space_id" {
  description = "Kibana space that gets the connector."
  type        = string
  default     = "default"
}

variable "name" {
  description = "Name of everything this configuration makes, so that it is found again in both products."
  type        = string
  default     = "Elastic ITSM"
}

variable "integration_user_name" {
  description = "User ID of the user that creates the incidents. Not an administrator: ServiceNow refuses those by JWT."
  type        = string
  default     = "elastic.integration"
}

variable "certificate_files" {
  description = "Files with X.509 certificates (PEM) by slot: a, and b while the key pair is replaced."
  type        = map(string)
  default     = { a = "elastic.crt" }
}

variable "active_slot" {
  description = "Slot of the certificate whose private key is private_key."
  type        = string
  default     = "a"
}

# Ephemeral: Terraform stores these in neither plan nor state, so every run that may change something needs them again.

variable "private_key" {
  description = "RSA private key (PEM) of the active slot. Kibana signs with it."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "private_key_password" {
  description = "Password of the private key; null if it has none."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}

variable "client_secret" {
  description = "Secret that ServiceNow's OAuth endpoint and Kibana's connector share. Any long random text."
  type        = string
  ephemeral   = true
  sensitive   = true
}
