data "servicenow_plugin" "api_keys" {
  plugin_id = "com.glide.tokenbased_auth"

  lifecycle {
    postcondition {
      condition     = self.active
      error_message = "Activate the plugin ${self.name} first."
    }
  }
}
