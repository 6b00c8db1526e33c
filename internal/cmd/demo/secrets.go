package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// secrets are values by the name to report them under. What is reported is never the value.
type secrets map[string]string

// needles gives each secret in the forms it could be found in: as it is, with its newlines escaped as in JSON and logs,
// line by line if it has several, and as base64.
func (s secrets) needles() map[string][]string {
	needles := make(map[string][]string, len(s))
	for name, value := range s {
		forms := []string{value, base64.StdEncoding.EncodeToString([]byte(value))}
		for line := range strings.Lines(value) {
			// Headers of a PEM block are the same for every key, and its last line may be too short to mean anything.
			if line = strings.TrimSpace(line); len(line) >= 32 && !strings.HasPrefix(line, "-----") {
				forms = append(forms, line)
			}
		}
		needles[name] = forms
	}
	return needles
}

// find returns the names of the secrets that occur in text, each with where.
func (s secrets) find(where string, text []byte) []string {
	var found []string
	for name, forms := range s.needles() {
		for _, form := range forms {
			if bytes.Contains(text, []byte(form)) {
				found = append(found, name+" in "+where)
				break
			}
		}
	}
	return found
}

// findInFiles searches every file below dir, and the file log.
func (s secrets) findInFiles(dir, log string) ([]string, error) {
	var found []string
	search := func(path, where string) error {
		text, err := os.ReadFile(path) //nolint:gosec // the demo's own directory, and the file its user named
		if err != nil {
			return fmt.Errorf("searching for secrets: %w", err)
		}
		found = append(found, s.find(where, text)...)
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		return search(path, entry.Name())
	})
	if err != nil {
		return nil, err
	}
	return found, search(log, "the log")
}
