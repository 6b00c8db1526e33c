resource "servicenow_user" "sender" {
  user_name               = "events.sender"
  web_service_access_only = true
}

# The token appears in the record's form only: open it and click the lock beside Token.
resource "servicenow_rest_api_key" "sender" {
  name       = "Event sender"
  user_id    = servicenow_user.sender.id
  expires_at = "2027-12-31T00:00:00Z"
}
