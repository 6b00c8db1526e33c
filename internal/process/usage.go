package process

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tfsdklog"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// LogUsage logs, at INFO, what this process has sent, if it sent anything. It comes after the provider was served, when
// no call's logger is left.
func LogUsage(c rest.UsageCount) {
	if c.Total() == 0 {
		return
	}
	ctx := tfsdklog.NewRootProviderLogger(context.Background(), tfsdklog.WithStderrFromInit(),
		tflog.WithoutLocation(), tfsdklog.WithLogName("servicenow"),
		tflog.WithLevelFromEnv("TF_LOG_PROVIDER", "servicenow"))
	fields := map[string]any{
		"requests": c.Total(), "retried": c.Retried, "joined": c.Joined, "waited_ms": c.Waited.Milliseconds(),
		"bytes_sent": c.Sent, "bytes_received": c.Received,
	}
	for server, methods := range c.Requests {
		var counts []string
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			counts = append(counts, method+" "+strconv.Itoa(methods[method]))
		}
		fields[strings.ToLower(server)] = strings.Join(counts, ", ")
	}
	tflog.Info(ctx, "HTTP requests of this process", fields)
}
