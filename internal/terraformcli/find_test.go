package terraformcli

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// TestMain lets the test's own binary stand in for Terraform under another name: it prints the file that lies beside
// it, or fails where there is none.
func TestMain(m *testing.M) {
	self, err := os.Executable()
	if err == nil && !strings.HasSuffix(strings.TrimSuffix(self, Suffix()), ".test") {
		text, err := os.ReadFile(self + ".says")
		if err != nil {
			fmt.Fprintln(os.Stderr, "no version is set\nsecond line")
			os.Exit(126)
		}
		fmt.Print(string(text))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// stands puts a program of the given name into dir that answers `version` with text; "" makes it fail.
func stands(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name+Suffix())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	binary, err := os.Executable()
	if err == nil {
		err = os.Link(binary, path)
	}
	if err != nil {
		if err := os.WriteFile(path, self(t), 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	if text != "" {
		if err := os.WriteFile(path+".says", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func self(t *testing.T) []byte {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// programs are what the program of each name prints; "" makes it fail.
type programs map[string]string

// The tests below set PATH, so none is parallel.

func TestFindTakesTheFirstThatIsNewEnough(t *testing.T) {
	const warned = "There are some problems with the CLI configuration\n\n"
	tests := map[string]struct {
		onPath programs
		named  string   // TERRAFORM
		want   string   // the name of what is found
		errors []string // or fragments of the error
	}{
		"terraform": {
			onPath: programs{"terraform": "Terraform v1.11.0\non linux"},
			want:   "Terraform 1.11.0",
		},
		"terraform before tofu": {
			onPath: programs{"terraform": "Terraform v1.14.2", "tofu": "OpenTofu v1.12.0"},
			want:   "Terraform 1.14.2",
		},
		"tofu alone": {
			onPath: programs{"tofu": "OpenTofu v1.11.1\non linux"},
			want:   "OpenTofu 1.11.1",
		},
		"tofu beside an old one": {
			onPath: programs{"terraform": "Terraform v1.5.7", "tofu": "OpenTofu v1.11.1"},
			want:   "OpenTofu 1.11.1",
		},
		"terraform is OpenTofu": {
			onPath: programs{"terraform": "OpenTofu v1.11.1"},
			want:   "OpenTofu 1.11.1",
		},
		"a warning comes first": {
			onPath: programs{"terraform": warned + "Terraform v1.12.0-beta2"},
			want:   "Terraform 1.12.0-beta2",
		},
		"two digits are a number": {
			onPath: programs{"terraform": "Terraform v1.9.8"},
			errors: []string{"Terraform 1.9.8", "1.11 or newer"},
		},
		"named": {
			onPath: programs{"terraform": "Terraform v1.14.0", "mine": "OpenTofu v1.12.0"},
			named:  "mine",
			want:   "OpenTofu 1.12.0",
		},
		"named is too old": {
			onPath: programs{"terraform": "Terraform v1.14.0", "mine": "Terraform v1.10.5"},
			named:  "mine",
			errors: []string{"TERRAFORM", "1.10.5", "1.11 or newer"},
		},
		"named is missing": {
			onPath: programs{"terraform": "Terraform v1.14.0"},
			named:  "absent",
			errors: []string{"TERRAFORM", "absent"},
		},
		"named is something else": {
			onPath: programs{"mine": "Packer v1.14.0"},
			named:  "mine",
			errors: []string{"neither Terraform nor OpenTofu"},
		},
		"a version manager's shim": {
			onPath: programs{"terraform": ""},
			errors: []string{"does not run", "no version is set", "https://"},
		},
		"nothing": {
			errors: []string{"none is on PATH", "https://developer.hashicorp.com", "TERRAFORM"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("PATH", dir)
			for program, text := range test.onPath {
				stands(t, dir, program, text)
			}
			cli, err := Finder{Named: test.named}.Find(t.Context())
			if len(test.errors) == 0 {
				if err != nil || cli.Name() != test.want || !filepath.IsAbs(cli.Path) {
					t.Fatalf("Find() = %v at %q, %v; want %s", cli.Version, cli.Path, err, test.want)
				}
				return
			}
			saysInOneLine(t, err, test.errors...)
		})
	}
}

func saysInOneLine(t *testing.T, err error, fragments ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", fragments)
	}
	for _, fragment := range append(fragments, "") {
		if !strings.Contains(err.Error(), fragment) || strings.Contains(err.Error(), "\n") {
			t.Errorf("the error is %q, want one line with %q in it", err, fragment)
		}
	}
}

// releaseServer serves one release of Terraform for this platform as releases.hashicorp.com does.
type releaseServer struct {
	*httptest.Server
	key   *openpgp.Entity // signs the checksums
	files map[string][]byte
}

func newReleaseServer(t *testing.T) *releaseServer {
	t.Helper()
	key, err := openpgp.NewEntity("releases", "", "releases@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &releaseServer{key: key, files: map[string][]byte{}}
	folder := "/terraform/" + Installed + "/"
	archive := fmt.Sprintf("terraform_%s_%s_%s.zip", Installed, runtime.GOOS, runtime.GOARCH)
	sums := "terraform_" + Installed + "_SHA256SUMS"
	s.files[folder+"index.json"] = fmt.Appendf(nil, `{"name": "terraform", "version": %q, "shasums": %q,
		"shasums_signature": %q, "builds": [{"name": "terraform", "version": %[1]q, "os": %[4]q, "arch": %[5]q,
		"filename": %[6]q, "url": "https://releases.hashicorp.com%[7]s%[6]s"}]}`,
		Installed, sums, sums+".sig", runtime.GOOS, runtime.GOARCH, archive, folder)
	s.files[folder+archive] = zipped(t, map[string][]byte{
		"terraform" + Suffix():           self(t),
		"terraform" + Suffix() + ".says": []byte("Terraform v" + Installed),
		"LICENSE.txt":                    []byte("licence"),
	})
	s.files[folder+sums] = fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(s.files[folder+archive]), archive)
	s.sign(t, key)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, found := s.files[r.URL.Path]
		if !found {
			http.NotFound(w, r)
			return
		}
		switch filepath.Ext(r.URL.Path) {
		case ".json":
			w.Header().Set("Content-Type", "application/json")
		case ".zip":
			w.Header().Set("Content-Type", "application/zip")
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(file)))
		_, _ = w.Write(file)
	}))
	t.Cleanup(s.Close)
	return s
}

// sign makes the signature of the checksums by key.
func (s *releaseServer) sign(t *testing.T, key *openpgp.Entity) {
	t.Helper()
	var signature bytes.Buffer
	sums := s.files[s.path("SHA256SUMS")]
	if err := openpgp.DetachSign(&signature, key, bytes.NewReader(sums), nil); err != nil {
		t.Fatal(err)
	}
	s.files[s.path("SHA256SUMS.sig")] = signature.Bytes()
}

// path returns the path of the file whose name ends with the given words.
func (s *releaseServer) path(end string) string {
	return "/terraform/" + Installed + "/terraform_" + Installed + "_" + end
}

func (s *releaseServer) archive() string { return s.path(runtime.GOOS + "_" + runtime.GOARCH + ".zip") }

// publicKey returns the key of the server in the form that its clients know it by.
func (s *releaseServer) publicKey(t *testing.T) string {
	t.Helper()
	var text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	if err == nil {
		err = errors.Join(s.key.Serialize(w), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func zipped(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for name, content := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

func TestFindInstallsWhereNoneIs(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	server := newReleaseServer(t)
	var notice bytes.Buffer
	bin := filepath.Join(t.TempDir(), "bin")
	finder := Finder{Dir: bin, Notice: &notice, releases: server.URL, publicKey: server.publicKey(t)}

	cli, err := finder.Find(t.Context())
	if err != nil || cli.Name() != "Terraform "+Installed || !strings.HasPrefix(cli.Path, bin) {
		t.Fatalf("Find() = %q, %v", cli.Path, err)
	}
	if text := notice.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, bin) ||
		!strings.Contains(text, "Installing Terraform "+Installed) {
		t.Errorf("the notice is %q", text)
	}

	server.Close()
	notice.Reset()
	again, err := finder.Find(t.Context())
	if err != nil || again.Path != cli.Path || notice.Len() > 0 {
		t.Errorf("the second time: Find() = %q, %v, and says %q", again.Path, err, &notice)
	}
}

func TestFindInstallsBesideAnOldOneAndSaysSo(t *testing.T) {
	path := t.TempDir()
	t.Setenv("PATH", path)
	stands(t, path, "terraform", "Terraform v1.5.7")
	server := newReleaseServer(t)
	var notice bytes.Buffer
	finder := Finder{Dir: t.TempDir(), Notice: &notice, releases: server.URL, publicKey: server.publicKey(t)}
	cli, err := finder.Find(t.Context())
	if err != nil || cli.Name() != "Terraform "+Installed {
		t.Fatalf("Find() = %q, %v", cli.Path, err)
	}
	if !strings.Contains(notice.String(), "is Terraform 1.5.7") {
		t.Errorf("the notice is %q", &notice)
	}
}

// TestFindKeepsNothingOfABadDownload spoils a release in every way in turn.
func TestFindKeepsNothingOfABadDownload(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	stranger, err := openpgp.NewEntity("somebody else", "", "else@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		spoil func(*releaseServer)
		says  string
	}{
		"signed by somebody else": {func(s *releaseServer) { s.sign(t, stranger) }, "signature"},
		"checksums were changed after signing": {func(s *releaseServer) {
			s.files[s.path("SHA256SUMS")] = append(s.files[s.path("SHA256SUMS")], '\n')
		}, "signature"},
		"archive was changed":    {func(s *releaseServer) { s.files[s.archive()] = zipped(t, nil) }, "signed"},
		"archive is missing":     {func(s *releaseServer) { delete(s.files, s.archive()) }, "404"},
		"signature is missing":   {func(s *releaseServer) { delete(s.files, s.path("SHA256SUMS.sig")) }, "404"},
		"release is missing":     {func(s *releaseServer) { clear(s.files) }, "404"},
		"server is out of reach": {func(s *releaseServer) { s.Close() }, "could be downloaded"},
	}
	for name, test := range tests { //nolint:paralleltest // PATH is set
		t.Run(name, func(t *testing.T) {
			server := newReleaseServer(t)
			key, address := server.publicKey(t), server.URL
			test.spoil(server)
			bin := t.TempDir()
			_, err := Finder{Dir: bin, Notice: io.Discard, releases: address, publicKey: key}.Find(t.Context())
			saysInOneLine(t, err, test.says, "https://developer.hashicorp.com/terraform/install", "TERRAFORM")
			if left, err := os.ReadDir(bin); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestFindRefusesWhatHashiCorpDidNotSign(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	server := newReleaseServer(t)
	_, err := Finder{Dir: t.TempDir(), Notice: io.Discard, releases: server.URL}.Find(t.Context())
	saysInOneLine(t, err, "signature")
}

func TestFindEndsWhenInterrupted(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	waiting := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	t.Cleanup(waiting.Close)
	_, err := Finder{Dir: t.TempDir(), Notice: io.Discard, releases: waiting.URL}.Find(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Find() = %v, want %v", err, context.Canceled)
	}
}

func TestEnvironmentNamesOpenTofusRegistry(t *testing.T) {
	t.Parallel()
	for _, tofu := range []bool{false, true} {
		environment := strings.Join(CLI{Path: filepath.Join("opt", "it"), Tofu: tofu}.Environment(), "\n")
		if !strings.Contains(environment, "TF_ACC_TERRAFORM_PATH="+filepath.Join("opt", "it")) {
			t.Errorf("the tests are not pointed at it:\n%s", environment)
		}
		if strings.Contains(environment, "TF_ACC_PROVIDER_HOST=registry.opentofu.org") != tofu {
			t.Errorf("OpenTofu is %v:\n%s", tofu, environment)
		}
	}
}
