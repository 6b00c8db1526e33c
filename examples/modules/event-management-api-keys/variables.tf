variable "access" {
  description = "What the module event-management-access returns."
  type        = object({ scope_id = string })
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

  validation {
    condition     = alltrue([for sender in var.senders : length(setsubtract(sender.key_slots, ["a", "b"])) == 0])
    error_message = "key_slots may have a and b."
  }
}

variable "name" {
  description = "Beginning of the name of everything this module makes. Two uses need two names."
  type        = string
  default     = "Event senders"
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
