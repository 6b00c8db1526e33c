package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

// TestRefreshCost reads 60 records of one table in a few requests, or in one each where that is asked for.
func TestRefreshCost(t *testing.T) {
	t.Parallel()
	const records = 60
	for mode, meant := range map[string]struct{ least, most int }{"bulk": {1, 4}, "single": {records, records}} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			w.Settings = fmt.Sprintf("refresh_mode = %q", mode)
			config := fmt.Sprintf(`
resource "servicenow_group" "test" {
  count = %d
  name  = "group ${count.index}"
}
`, records)
			w.Run(
				resource.TestStep{Config: config},
				resource.TestStep{PreConfig: w.Forget, Config: config, PlanOnly: true},
				resource.TestStep{
					PreConfig: func() {
						reads := 0
						for _, path := range w.Reads() {
							if strings.HasSuffix(path, "/sys_user_group") {
								reads++
							}
						}
						if reads < meant.least || reads > meant.most {
							t.Errorf("refreshing %d records took %d requests, %d to %d are meant",
								records, reads, meant.least, meant.most)
						}
					},
					Config: config, PlanOnly: true,
				},
			)
		})
	}
}
