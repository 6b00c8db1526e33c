terraform {
  # Write-only attributes keep every secret out of plan and state; 1.11 is the first release that has them.
  required_version = ">= 1.11"

  required_providers {
    servicenow = {
      source  = "seed-e98ff420/servicenow"
      version = ">= 0.1.0"
    }
  }
}
