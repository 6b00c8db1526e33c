// Package process fits the provider's process to how Terraform runs it: started for one command, ended with it, and
// logging to a pipe that Terraform drops unless somebody asked for logs.
package process

import (
	"os"
	"strings"
)

// loggers are the variables that set the level of one logger each, at the start of every call from Terraform. The first
// three belong to terraform-plugin-go and terraform-plugin-framework, the last to this provider.
var loggers = []string{"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_PROVIDER_SERVICENOW"}

// QuietLogs turns logs off that nobody would see. Without a level the SDK logs at TRACE, and a quarter of the
// provider's time goes into JSON that Terraform drops. It must run before the provider is served.
func QuietLogs() error {
	if LogsWanted() {
		return nil
	}
	for _, logger := range loggers {
		if err := os.Setenv(logger, "off"); err != nil {
			return err
		}
	}
	return nil
}

// LogsWanted reports whether somebody reads logs. Terraform hands its whole environment on: any TF_LOG variable there
// says that somebody does.
func LogsWanted() bool {
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(strings.ToUpper(name), "TF_LOG") && value != "" {
			return true
		}
	}
	return false
}
