package servicenow

import (
	"fmt"
	"slices"
	"strings"
)

// Release is a family of ServiceNow releases by its lowercase name.
type Release string

// The releases that can be imitated, oldest first.
const (
	Washington Release = "washington"
	Xanadu     Release = "xanadu"
	Yokohama   Release = "yokohama"
	Zurich     Release = "zurich"
	Australia  Release = "australia"
)

// DefaultRelease is imitated where Options names none.
const DefaultRelease = Zurich

var releases = []Release{Washington, Xanadu, Yokohama, Zurich, Australia}

// Releases returns the releases that can be imitated, oldest first.
func Releases() []Release { return slices.Clone(releases) }

// ParseRelease returns the release with this name, in any case; "" is the default. An unknown name is an error that
// lists the known ones.
func ParseRelease(name string) (Release, error) {
	if name == "" {
		return DefaultRelease, nil
	}
	r := Release(strings.ToLower(name))
	if !slices.Contains(releases, r) {
		return "", fmt.Errorf("unknown ServiceNow release %q: one of %v", name, releases)
	}
	return r, nil
}

func (r Release) atLeast(other Release) bool {
	return slices.Index(releases, r) >= slices.Index(releases, other)
}

// buildTags are what glide.buildtag.last holds: of the form that instances show, dates and patches made up.
var buildTags = map[Release]string{
	Washington: "glide-washingtondc-12-20-2023__patch10-hotfix2-02-11-2025",
	Xanadu:     "glide-xanadu-07-02-2024__patch9-05-14-2025",
	Yokohama:   "glide-yokohama-12-18-2024__patch7-08-06-2025",
	Zurich:     "glide-zurich-07-01-2025__patch6-01-22-2026",
	Australia:  "glide-australia-02-11-2026__patch5-08-27-2026",
}

// seedRelease writes the properties by which clients tell the release.
func (s *Server) seedRelease() {
	tag := buildTags[s.opts.Release]
	name := string(s.opts.Release)
	s.setProperty("glide.buildtag", tag)
	s.setProperty("glide.buildtag.last", tag)
	s.setProperty("glide.war", tag+".zip")
	s.setProperty("glide.buildname", strings.ToUpper(name[:1])+name[1:])
	s.setProperty("instance_name", "simulated")
}

// fit leaves out what the release does not have yet, and sets the defaults that differ by release.
func (s *Server) fit(def Table) Table {
	columns := make([]Column, 0, len(def.Columns))
	for _, c := range def.Columns {
		if c.Since != "" && !s.opts.Release.atLeast(c.Since) {
			continue
		}
		if c.Name == "scope_restriction_status" {
			c.Default = s.defaultRestriction()
		}
		columns = append(columns, c)
	}
	def.Columns = columns
	return def
}
