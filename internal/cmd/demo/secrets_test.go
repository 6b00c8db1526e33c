package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecretsFind(t *testing.T) {
	t.Parallel()
	key, _, err := newKeyPair("test", 0)
	if err != nil {
		t.Fatal(err)
	}
	known := secrets{"private key": key, "client secret": "correct horse battery"}
	lines := strings.Split(key, "\n")
	tests := map[string]struct {
		text string
		want int
	}{
		"nothing":             {`{"name":"x"}`, 0},
		"PEM header alone":    {"-----BEGIN PRIVATE KEY-----", 0},
		"plain":               {"secret=correct horse battery", 1},
		"base64":              {base64.StdEncoding.EncodeToString([]byte("correct horse battery")), 1},
		"one line of the key": {"x" + lines[3] + "y", 1},
		"key in JSON":         {strings.ReplaceAll(key, "\n", `\n`), 1},
		"both":                {key + "correct horse battery", 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found := known.find("the text", []byte(test.text)); len(found) != test.want {
				t.Errorf("found %d secrets, want %d: %v", len(found), test.want, found)
			}
		})
	}
}

func TestSecretsFindInFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := filepath.Join(t.TempDir(), "trace.log")
	for path, text := range map[string]string{
		filepath.Join(dir, "terraform.tfstate"): `{"client_secret":"correct horse battery"}`,
		filepath.Join(dir, "main.tf"):           "nothing",
		log:                                     "POST correct horse battery",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := secrets{"client secret": "correct horse battery"}.findInFiles(dir, log)
	if err != nil {
		t.Fatal(err)
	}
	want := "client secret in terraform.tfstate; client secret in the log"
	if got := strings.Join(found, "; "); got != want {
		t.Errorf("found %q, want %q", got, want)
	}
}
