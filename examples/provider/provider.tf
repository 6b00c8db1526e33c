terraform {
  required_version = ">= 1.11"

  required_providers {
    servicenow = {
      source = "seed-e98ff420/servicenow"
    }
  }
}

# Credentials may stand here or in the environment: SERVICENOW_INSTANCE_URL, SERVICENOW_USERNAME, KIBANA_ENDPOINT …
provider "servicenow" {
  instance_url = "https://dev12345.service-now.com"

  oauth_jwt = {
    client_id       = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    client_secret   = var.client_secret
    private_key     = "${path.module}/terraform.pem"
    key_id          = "f9e8d7c6b5a493827160f5e4d3c2b1a0"
    user_identifier = "terraform"
  }

  kibana = {
    url     = "https://kibana.example.com:5601"
    api_key = var.kibana_api_key
  }
}

variable "client_secret" {
  type      = string
  ephemeral = true
  sensitive = true
}

variable "kibana_api_key" {
  type      = string
  ephemeral = true
  sensitive = true
}
