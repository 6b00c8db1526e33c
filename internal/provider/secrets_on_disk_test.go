package provider_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

// TestSecretsOnDisk looks for secrets in every file that a life with the real terraform leaves: saved plan, state and
// its backup, the log at TRACE, what is left in the directory for temporary files.
// The configuration has them from files, as variables would, so that no file but those may hold one.
func TestSecretsOnDisk(t *testing.T) {
	t.Parallel()
	key, certificate := keyPair(t)
	w := acctest.New(t)
	secrets, scratch, logs := t.TempDir(), t.TempDir(), t.TempDir()
	for name, secret := range map[string]string{"key": key, "first": canary, "second": canaryTwo} {
		write(t, filepath.Join(secrets, name), secret)
	}
	config := func(password string) string {
		from := func(name string) string { return `file("` + filepath.ToSlash(filepath.Join(secrets, name)) + `")` }
		return `
resource "servicenow_user" "u" {
  user_name   = "elastic"
  password_wo = ` + from(password) + `
}
resource "servicenow_certificate" "c" {
  name            = "n"
  pem_certificate = ` + acctest.Heredoc(certificate) + `
}
resource "servicenow_kibana_itsm_connector" "c" {
  name    = "n"
  api_url = "https://dev1.service-now.com"
  oauth = {
    client_id            = "c"
    user_identifier      = "u"
    jwt_key_id           = "k"
    client_secret_wo     = ` + from(password) + `
    private_key_wo       = ` + from("key") + `
  }
}
resource "servicenow_kibana_connector" "g" {
  name              = "g"
  connector_type_id = ".webhook"
  config            = jsonencode({ url = "https://example.com", hasAuth = true })
  secrets_wo        = jsonencode({ user = "somebody", password = ` + from(password) + ` })
}
`
	}
	ws := newWorkspace(t, w, config("first"))
	run := func(verb string, args ...string) {
		t.Helper()
		cmd := ws.command(t.Context(), verb, args...)
		cmd.Env = append(cmd.Env, "TMPDIR="+scratch, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(logs, "trace.log"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", verb, err, out)
		}
	}
	step := func() {
		t.Helper()
		run("plan", "-out=saved.tfplan")
		searched := 0
		for _, dir := range []string{ws.dir, scratch, logs} {
			files, found := searchFiles(t, dir, key, strings.Split(key, "\n")[3], canary, canaryTwo)
			searched += files
			for _, one := range found {
				t.Error(one)
			}
		}
		if searched < 3 {
			t.Fatalf("only %d files were searched", searched)
		}
	}
	step()
	run("apply")
	step()
	rotated := ws.at(t, w, config("second"))
	if err := os.Rename(filepath.Join(rotated.dir, "main.tf"), filepath.Join(ws.dir, "main.tf")); err != nil {
		t.Fatal(err)
	}
	step()
	run("apply")
	run("destroy")
	step()
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("left among the temporary files: %v %v", left, err)
	}
}

// TestSearchFiles finds what TestSecretsOnDisk looks for.
func TestSearchFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "plain"), "x"+base64.StdEncoding.EncodeToString([]byte(canary))+"x")
	archive, err := os.Create(filepath.Join(dir, "archive"))
	if err != nil {
		t.Fatal(err)
	}
	packed := zip.NewWriter(archive)
	inner, err := packed.Create("inner")
	if err != nil {
		t.Fatal(err)
	}
	for range 100 { // compressed, so that the archive itself does not show it
		if _, err := inner.Write([]byte(canary)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(packed.Close(), archive.Close()); err != nil {
		t.Fatal(err)
	}
	if files, found := searchFiles(t, dir, canary, canaryTwo); files != 3 || len(found) != 2 {
		t.Errorf("%d files were searched, and found was %q", files, found)
	}
}

// searchFiles looks for secrets in every file below a directory, in those of archives too, and counts what it read.
func searchFiles(t *testing.T, dir string, secrets ...string) (files int, found []string) {
	t.Helper()
	search := func(name string, data []byte) {
		files++
		for _, secret := range secrets {
			if form := leaks(string(data), secret); form != "" {
				found = append(found, fmt.Sprintf("%s holds a secret:\n%s", name, around(string(data), form)))
			}
		}
	}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name) //nolint:gosec // G304: below the test's own directories
		if err != nil {
			return err
		}
		search(name, data)
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil //nolint:nilerr // no archive
		}
		for _, inner := range archive.File {
			data, err := fs.ReadFile(archive, inner.Name)
			if err != nil {
				return err
			}
			search(name+"/"+inner.Name, data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, found
}
