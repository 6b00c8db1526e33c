variable "servicenow_url" {
  description = "ServiceNow instance, such as https://dev12345.service-now.com."
  type        = string
}

variable "name" {
  description = "Beginning of the name of everything this configuration makes."
  type        = string
  default     = "Event senders"
}

variable "senders" {
  description = "Senders by name: the user that their events run as, the source in their URL, the script that makes events of what they send, when their keys expire (RFC 3339; null: never), and their keys: a, or both a and b while one is replaced."
  type = map(object({
    user_name  = string
    source     = string
    script     = optional(string)
    expires_at = optional(string)
    key_slots  = optional(set(string), ["a"])
  }))
}

variable "key_parameter_types" {
  description = "Where keys may travel. The value for the query parameter differs between instances: the choice list of sys_token_auth_parameter.type has it."
  type        = set(string)
  default     = ["auth_header"]
}

variable "checked_senders" {
  description = "Senders whose key is in sender_keys and is to be tried at every plan."
  type        = set(string)
  default     = []
}

# Ephemeral: Terraform stores these in neither plan nor state.
variable "sender_keys" {
  description = "Keys by sender, as copied from their forms, for the check."
  type        = map(string)
  default     = {}
  ephemeral   = true
  sensitive   = true
}
