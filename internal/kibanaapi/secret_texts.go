package kibanaapi

import (
	"slices"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// userNames are secrets that Kibana keeps although they are names: taking a short one such as "elastic" out of every
// text would ruin messages.
var userNames = []string{"username", "user", "email"}

// shortName is the length in bytes below which a name is left in texts.
const shortName = 8

// secretTexts lists what no text about a write may repeat: the secrets, and each text inside a JSON object of secrets.
func secretTexts(secrets map[string]record.Secret, whole any) []string {
	object, _ := whole.(map[string]any)
	var all []string
	for key, value := range object {
		for _, text := range flatten(value) {
			if !slices.Contains(userNames, key) || len(text) >= shortName {
				all = append(all, text)
			}
		}
	}
	if _, ok := secrets[secretsSecret]; ok {
		all = append(all, secrets[secretsSecret].Value)
	}
	return all
}
