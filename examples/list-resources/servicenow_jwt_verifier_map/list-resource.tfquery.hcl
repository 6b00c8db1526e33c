list "servicenow_jwt_verifier_map" "found" {
  provider = servicenow

  config {
    query = "oauth_jwt.nameSTARTSWITHElastic"
  }
}
