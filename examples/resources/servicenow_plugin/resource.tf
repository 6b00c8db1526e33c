resource "servicenow_plugin" "api_keys" {
  plugin_id = "com.glide.tokenbased_auth"

  timeouts = {
    create = "90m"
  }
}
