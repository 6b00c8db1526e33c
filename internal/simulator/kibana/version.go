package kibana

import (
	"fmt"
	"strconv"
	"strings"
)

// version is a Kibana release, major.minor.patch.
type version struct {
	major, minor, patch int
	snapshot            bool
}

// parseVersion reads "9.1.0", "8.8" or "9.2.0-SNAPSHOT".
func parseVersion(text string) (version, error) {
	number, snapshot := strings.CutSuffix(text, "-SNAPSHOT")
	parts := strings.Split(number, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return version{}, fmt.Errorf("kibana version %q: want major.minor or major.minor.patch", text)
	}
	var numbers [3]int
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return version{}, fmt.Errorf("kibana version %q: %q is not a number", text, part)
		}
		numbers[i] = n
	}
	v := version{major: numbers[0], minor: numbers[1], patch: numbers[2], snapshot: snapshot}
	if !v.atLeast(7, 7) {
		return version{}, fmt.Errorf("kibana version %q: connectors are simulated from 7.7 on", text)
	}
	return v, nil
}

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch) }

func (v version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

func (v version) before(major, minor int) bool { return !v.atLeast(major, minor) }

// crosses reports whether an upgrade from v to next passes the release major.minor.
func (v version) crosses(next version, major, minor int) bool {
	return v.before(major, minor) && next.atLeast(major, minor)
}

// wording is the generation of validation texts. The same fault is told in three ways, which is why no client may
// match on them: config-schema up to 9.0, zod 3 in 9.1 and 9.2, zod 4 from 9.3 on (the boundaries are estimates).
type wording int

const (
	configSchema wording = iota
	zod3
	zod4
)

func (v version) wording() wording {
	switch {
	case v.before(9, 1):
		return configSchema
	case v.before(9, 3):
		return zod3
	default:
		return zod4
	}
}

// wordingOf is the generation of a connector type's texts: those on the sub-action framework went to zod later.
func (v version) wordingOf(typeID string) wording {
	if w := v.wording(); w != zod3 || typeID != typeResilient {
		return w
	}
	return configSchema
}

// noun is what validation prefixes call a connector: zod 4 builds renamed "action type" to "connector type".
func (w wording) noun() string {
	if w == zod4 {
		return "connector type"
	}
	return "action type"
}
