variable "application" {
  description = "What the module elastic-application returns."
  type        = object({ rest_api_id = string, role_ids = map(string) })
}

variable "name" {
  description = "Beginning of the name of every record."
  type        = string
}

variable "user_name" {
  description = "User ID of the integration user."
  type        = string
}

variable "kibana_url" {
  description = "Kibana as browsers see it."
  type        = string
}

variable "certificates" {
  description = "Certificates (PEM) by slot: a, b, or both while a key pair is replaced."
  type        = map(string)

  validation {
    condition     = length(var.certificates) > 0 && alltrue([for slot in keys(var.certificates) : contains(["a", "b"], slot)])
    error_message = "certificates must have the slot a, the slot b, or both."
  }
}

variable "active_slot" {
  description = "Slot whose private key Kibana signs with."
  type        = string

  validation {
    condition     = contains(keys(var.certificates), var.active_slot)
    error_message = "active_slot must be one of the slots in certificates."
  }
}

variable "client_secret" {
  description = "Secret of the OAuth client."
  type        = string
  ephemeral   = true
  sensitive   = true
}
