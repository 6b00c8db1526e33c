variable "sender_key" {
  description = "Token of the REST API key, from its form."
  type        = string
  ephemeral   = true
  sensitive   = true
}

# Any answer but 401 shows that the key has passed; the path itself takes POST only.
ephemeral "servicenow_inbound_access_check" "sender" {
  path    = "/api/sn_em_connector/em/inbound_event?source=aws"
  api_key = { value = var.sender_key }
}
