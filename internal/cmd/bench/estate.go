package main

import (
	"fmt"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
)

// estate is a configuration of a number of resources, in one root module.
type estate struct {
	name string
	size int // resources
	hcl  string
}

// mixed spreads size resources, a multiple of 20, over six tables and Kibana's connectors. The first role's description
// is the one change.
func mixed(sim *simulator.Simulator, size int) estate {
	parts := []struct {
		percent int
		block   string
	}{
		{30, `resource "servicenow_role" "bench" {
  name        = "x_bench.role_${count.index}"
  description = count.index == 0 ? var.description : "Role ${count.index}"`},
		{20, `resource "servicenow_group" "bench" {
  name        = "Benchmark group ${count.index}"
  description = "Group ${count.index}"
  email       = "group${count.index}@example.com"`},
		{20, `resource "servicenow_user" "bench" {
  user_name  = "bench.user.${count.index}"
  first_name = "User"
  last_name  = "Number ${count.index}"
  email      = "user${count.index}@example.com"`},
		{10, `resource "servicenow_record" "bench" {
  table  = "sys_properties"
  values = { name = "x_bench.property_${count.index}", value = "${count.index}" }`},
		{5, `resource "servicenow_cors_rule" "bench" {
  name          = "Benchmark rule ${count.index}"
  domain        = "https://kibana${count.index}.example.com"
  resource_path = "/api/now/bench${count.index}"
  http_methods  = ["GET", "POST"]`},
		{5, `resource "servicenow_http_auth_profile" "bench" {
  name = "Benchmark profile ${count.index}"`},
		{10, itsmConnector},
	}
	var hcl strings.Builder
	hcl.WriteString(provider(sim) + variables)
	for _, p := range parts {
		fmt.Fprintf(&hcl, "\n%s\n  count = %d\n}\n", p.block, size*p.percent/100)
	}
	return estate{"mixed", size, hcl.String()}
}

const itsmConnector = `resource "servicenow_kibana_itsm_connector" "bench" {
  name    = "Connector ${count.index}"
  api_url = "https://dev12345.service-now.com"
  basic_auth = {
    username_wo = "elastic.integration"
    password_wo = "correct horse battery staple"
  }`

const variables = `
variable "description" {
  type    = string
  default = "Role 0"
}

variable "refresh_mode" {
  type    = string
  default = "bulk"
}
`

func provider(sim *simulator.Simulator) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    servicenow = { source = "seed-e98ff420/servicenow" }
  }
}

provider "servicenow" {
  instance_url = %q
  basic_auth   = { username = %q, password = %q }
  refresh_mode = var.refresh_mode
  kibana = {
    url        = %q
    basic_auth = { username = %q, password = %q }
  }
}
`, sim.ServiceNowURL(), sim.ServiceNow.AdminUser(), sim.ServiceNow.AdminPassword(), sim.KibanaURL(),
		kibanaUser, kibanaPassword)
}

// ofOne is an estate of one type of this provider's resources.
func ofOne(sim *simulator.Simulator, name, block string, size int) estate {
	return estate{name, size, provider(sim) + variables + fmt.Sprintf("\n%s\n  count = %d\n}\n", block, size)}
}

// builtIn is as many of Terraform's own resources, which no server and no provider's process stands behind: the cost of
// Terraform alone.
func builtIn(size int) estate {
	return estate{"terraform_data", size, variables + fmt.Sprintf(`
resource "terraform_data" "bench" {
  count = %d
  input = {
    name        = "x_bench.role_${count.index}"
    description = count.index == 0 ? var.description : "Role ${count.index}"
  }
}
`, size)}
}

// peerConnectors is as many of the connectors of elastic/elasticstack.
func peerConnectors(sim *simulator.Simulator, size int) estate {
	return estate{"elasticstack", size, variables + fmt.Sprintf(`
terraform {
  required_providers {
    elasticstack = { source = "elastic/elasticstack" }
  }
}

provider "elasticstack" {
  kibana {
    endpoints = [%q]
    username  = %q
    password  = %q
  }
}

resource "elasticstack_kibana_action_connector" "bench" {
  count             = %d
  name              = "Connector ${count.index}"
  connector_type_id = ".servicenow"
  config            = jsonencode({ apiUrl = "https://dev12345.service-now.com", usesTableApi = false })
  secrets           = jsonencode({ username = "elastic.integration", password = "correct horse battery staple" })
}
`, sim.KibanaURL(), kibanaUser, kibanaPassword, size)}
}
