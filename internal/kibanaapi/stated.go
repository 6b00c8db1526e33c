package kibanaapi

import (
	"fmt"
	"strconv"
	"strings"
)

// StateVersion sets the release, such as "9.1" or "8.19.2", in place of asking /api/status for it, which serverless and
// some proxies do not answer. It is called before the first request.
func (k *Client) StateVersion(release string) error {
	numbers, _, _ := strings.Cut(release, "-")
	parts := strings.Split(numbers, ".")
	if len(parts) < 2 {
		return fmt.Errorf("%q is not a release such as 9.1", release)
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil {
		return fmt.Errorf("%q is not a release such as 9.1", release)
	}
	k.versionOnce.Lock()
	defer k.versionOnce.Unlock()
	k.version = &Version{Major: major, Minor: minor}
	return nil
}
