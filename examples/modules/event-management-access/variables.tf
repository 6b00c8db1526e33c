variable "name" {
  description = "Name of the access policy, and beginning of the names of its profiles."
  type        = string
  default     = "Event senders"
}

variable "key_parameter_types" {
  description = "Where keys may travel. The value for the query parameter differs between instances: the choice list of sys_token_auth_parameter.type has it."
  type        = set(string)
  default     = ["auth_header"]
}
