resource "servicenow_group" "soc" {
  name        = "Security operations"
  description = "Works on the incidents that Elastic opens"
  email       = "soc@example.com"
}
