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
	for mode, most := range map[string]int{"bulk": 4, "single": records} {
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
						// Two plans run: the step's own, and the one that must be empty.
						if reads > 2*most || reads == 0 {
							t.Errorf("refreshing %d records twice took %d requests, at most %d are meant", records, reads, 2*most)
						}
						t.Logf("%s: %d requests", mode, reads)
					},
					Config: config, PlanOnly: true,
				},
			)
		})
	}
}
