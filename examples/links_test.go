package examples_test

import (
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	linked  = regexp.MustCompile(`\]\(<?([^)>\s]+)>?\)`)
	heading = regexp.MustCompile("(?m)^#{1,6} (.+)$")
	anchor  = regexp.MustCompile(`<a id="([^"]+)">`)
	fence   = regexp.MustCompile("(?ms)^ *```.*?^ *```")
)

// addresses of our own pages: in the registry, and in the repository.
const (
	registryPages   = "https://registry.terraform.io/providers/seed-e98ff420/servicenow/latest/docs"
	repositoryFiles = "https://github.com/seed-e98ff420/terraform-provider-servicenow/"
)

// TestNoDeadLinks follows the links of every page to other pages, files and headings of ours. What is elsewhere is not
// asked, since this runs without a network.
func TestNoDeadLinks(t *testing.T) {
	t.Parallel()
	module := os.DirFS("..")
	pages := []string{"README.md", "CONTRIBUTING.md", "DESIGN.md", "SECURITY.md", "CHANGELOG.md"}
	err := fs.WalkDir(module, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (name == ".git" || name == "bin") {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".md") && (strings.HasPrefix(name, "docs/") || strings.HasPrefix(name, "examples/")) {
			pages = append(pages, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	followed := 0
	for _, page := range pages {
		for _, link := range links(t, module, page) {
			if problem := follow(t, module, page, link); problem != "" {
				t.Errorf("%s: %s: %s", page, link, problem)
			}
			followed++
		}
	}
	if followed < 100 {
		t.Errorf("%d links were followed, which cannot be all", followed)
	}
}

// links returns where a page leads to.
func links(t *testing.T, module fs.FS, page string) []string {
	t.Helper()
	text, err := fs.ReadFile(module, page)
	if err != nil {
		t.Fatal(err)
	}
	found := linked.FindAllStringSubmatch(fence.ReplaceAllString(string(text), ""), -1)
	targets := make([]string, len(found))
	for i, match := range found {
		targets[i] = match[1]
	}
	return targets
}

// follow returns what is wrong with a link; empty when it leads somewhere, or out.
func follow(t *testing.T, module fs.FS, page, link string) string {
	t.Helper()
	target, err := url.Parse(link)
	if err != nil {
		return err.Error()
	}
	name := page
	switch rest, ours := strings.CutPrefix(link, registryPages); {
	case ours:
		rest, _, _ = strings.Cut(rest, "#")
		name = "docs" + rest + ".md"
	case strings.HasPrefix(link, repositoryFiles):
		rest := strings.TrimPrefix(link, repositoryFiles)
		parts := strings.SplitN(strings.SplitN(rest, "#", 2)[0], "/", 3) // blob/main/…
		if len(parts) < 3 || parts[0] != "blob" && parts[0] != "tree" {
			return ""
		}
		name = parts[2]
	case target.IsAbs() || target.Host != "":
		return ""
	case target.Path != "":
		name = path.Join(path.Dir(page), target.Path)
	}
	if _, err := fs.Stat(module, name); err != nil {
		return "there is no " + name
	}
	if target.Fragment == "" || !strings.HasSuffix(name, ".md") {
		return ""
	}
	text, err := fs.ReadFile(module, name)
	if err != nil {
		t.Fatal(err)
	}
	if !headings(string(text))[target.Fragment] {
		return "there is no heading " + target.Fragment + " in " + name
	}
	return ""
}

// headings returns the anchors of a page, made as GitHub and the registry make them.
func headings(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, match := range anchor.FindAllStringSubmatch(text, -1) {
		anchors[match[1]] = true
	}
	for _, match := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127 && r != '…':
				return r
			}
			return -1
		}, strings.ToLower(match[1]))
		anchors[name] = true
	}
	return anchors
}

// TestPagesAreInASubcategory holds that templates sort pages in one way, and into the groups that a user thinks in.
func TestPagesAreInASubcategory(t *testing.T) {
	t.Parallel()
	known := map[string]int{
		"Elastic on ServiceNow": 0, "Inbound access": 0, "Event Management": 0, "Users and roles": 0,
		"Kibana connectors": 0, "Vulnerability Response": 0, "Any table": 0, "Diagnostics": 0,
	}
	subcategory := regexp.MustCompile(`(?m)^subcategory: "(.*)"$`)
	err := fs.WalkDir(os.DirFS("../docs"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "guides/") || name == "index.md" {
			return err
		}
		text, err := os.ReadFile(path.Join("..", "docs", name))
		if err != nil {
			return err
		}
		found := subcategory.FindSubmatch(text)
		if found == nil {
			t.Errorf("%s has no subcategory", name)
			return nil
		}
		if _, ok := known[string(found[1])]; !ok {
			t.Errorf("%s is in the subcategory %q", name, found[1])
		}
		known[string(found[1])]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, pages := range known {
		if pages == 0 {
			t.Errorf("nothing is in the subcategory %q", name)
		}
	}
	sorted := regexp.MustCompile(`(?ms)^subcategory: .*?"$`)
	var first string
	kinds := []string{"resources", "data-sources", "ephemeral-resources", "list-resources", "actions", "functions"}
	for _, kind := range kinds {
		text, err := os.ReadFile(path.Join("..", "templates", kind+".md.tmpl"))
		if err != nil {
			t.Fatal(err)
		}
		switch rule := sorted.FindString(string(text)); {
		case first == "":
			first = rule
		case rule != first || rule == "":
			t.Errorf("templates/%s.md.tmpl sorts pages by another rule than resources.md.tmpl", kind)
		}
	}
}
