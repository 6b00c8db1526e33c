package pemkey

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/youmark/pkcs8"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey/keytest"
)

func encryptLegacy(tb testing.TB, label string, der []byte) string {
	tb.Helper()
	//nolint:staticcheck // the format under test
	block := keytest.Must[*pem.Block](
		tb,
	)(
		x509.EncryptPEMBlock(rand.Reader, label, der, []byte(keytest.Password), x509.PEMCipherAES256),
	)
	return string(pem.EncodeToMemory(block))
}

// Keys made for this test by OpenSSL 3.0, for the forms no Go library writes; the password is keyPassword.
const (
	// openssl genpkey -algorithm EC … | openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA512.
	opensslSHA512 = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjRsoKK42j2bgICCAAw
DAYIKoZIhvcNAgsFADAdBglghkgBZQMEASoEEI+lJMrc9jJrRs2pglsTscoEgZDC
yEEvkmnXZQul4R1RK8shr8y9nbar4M7XUcX6UiHrRC1Xi+/K/sOofQuFN38czLWu
f/LWTpJFzh09jVOr/YQy2Kc8kzmjyMtjQBfqBxXVS0VGY1FI9t+Rp5XJ1bUP+3Ek
chFC8KU8DF6hZpct1Y24yd2tP760F/+0iqYy2gQmzoNntKhGIA20Ycd0cC/HY4Q=
-----END ENCRYPTED PRIVATE KEY-----`
	// openssl pkcs8 -topk8 -scrypt.
	opensslScrypt = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAgitGkwF+QLygICQAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBBjfbaLwN2OViBHLrs/CTiABIGQqTH2q05caS1s
hHO4cjs3n+x9Hgl1zNV5l+zlbwcVfPuIgeLhEGHqpGwPx3d5+V37tzMp4Dc4l+cY
XFqdFtlCWyVDEewaxYlQqFQN0hb/sdatgRLDXFkIAijfVnXEmmsEaTQrONvlF/00
2ieXZpxWlcAfFnPILraOP4M/gJeL0VDzWH4vzGzOGFb/PuDP9HOv
-----END ENCRYPTED PRIVATE KEY-----`
	// openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES.
	opensslPBES1 = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGxMBwGCiqGSIb3DQEMAQMwDgQIpAcd087+8VACAggABIGQqz0ZF1wNi6EROiK8
hk3uwTiRzL/ozzb15sYls0U8WILm6jCJOKEXgl5JI7LdXLDzQPKPiMisFiCaL2nb
Uow7ZtXuioyGbNP0zj2lzHAonfhPs0vC9wGIJf14YlKlJT+N1KUA44RJ5faFEM7B
P/z7DSsN/f+8gKX1tvIUO1cadWNYAAqVTeS71e2yEApIDlvI
-----END ENCRYPTED PRIVATE KEY-----`
)

func TestParsePrivateKeyForms(t *testing.T) {
	t.Parallel()
	key := keytest.RSA(t)
	ec := keytest.EC(t, elliptic.P384())
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	plain := keytest.PKCS8(t, key)
	sec1 := keytest.PEM("EC PRIVATE KEY", keytest.Must[[]byte](t)(x509.MarshalECPrivateKey(ec)))
	_, cert := keytest.RSAPair(t)

	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		text, password string
		want           crypto.Signer // nil: not known here
	}{
		"PKCS#8 RSA":                 {plain, "", key},
		"PKCS#8 EC":                  {keytest.PKCS8(t, ec), "", ec},
		"PKCS#8 Ed25519":             {keytest.PKCS8(t, edKey), "", edKey},
		"PKCS#1":                     {keytest.PEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), "", key},
		"SEC 1":                      {sec1, "", ec},
		"SEC 1 after its parameters": {keytest.PEM("EC PARAMETERS", []byte{6, 5, 43, 129, 4, 0, 34}) + sec1, "", ec},
		"PKCS#8 under a wrong label": {strings.ReplaceAll(plain, "PRIVATE", "RSA PRIVATE"), "", key},
		"beside its certificate":     {cert + plain, "", key},
		"Windows line ends":          {strings.ReplaceAll(plain, "\n", "\r\n"), "", key},
		"indented":                   {strings.ReplaceAll(plain, "\n", "\n    "), "", key},
		"line ends spelled out":      {strings.ReplaceAll(plain, "\n", `\n`), "", key},
		"text around it":             {"Bag Attributes\n  friendlyName: x\n" + plain + "\nend", "", key},
		"file":                       {file, "", key},
		"encrypted PKCS#1": {
			encryptLegacy(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
			keytest.Password,
			key,
		},
		"encrypted SEC 1": {
			encryptLegacy(t, "EC PRIVATE KEY", keytest.Must[[]byte](t)(x509.MarshalECPrivateKey(ec))), keytest.Password, ec,
		},
		"PBKDF2 SHA-1, 3DES": {keytest.Encrypt(t, key, &pkcs8.Opts{
			Cipher:  pkcs8.TripleDESCBC,
			KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 8, IterationCount: 100, HMACHash: crypto.SHA1},
		}), keytest.Password, key},
		"PBKDF2 SHA-256, AES-128": {keytest.Encrypt(t, ec, &pkcs8.Opts{
			Cipher:  pkcs8.AES128CBC,
			KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 16, IterationCount: 100, HMACHash: crypto.SHA256},
		}), keytest.Password, ec},
		"scrypt, AES-256": {keytest.Encrypt(t, ec, &pkcs8.Opts{
			Cipher:  pkcs8.AES256CBC,
			KDFOpts: pkcs8.ScryptOpts{SaltSize: 8, CostParameter: 1024, BlockSize: 8, ParallelizationParameter: 1},
		}), keytest.Password, ec},
		"OpenSSL, PBKDF2 SHA-512": {opensslSHA512, keytest.Password, nil},
		"OpenSSL, scrypt":         {opensslScrypt, keytest.Password, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParsePrivateKey(test.text, test.password)
			if err != nil {
				t.Fatal(err)
			}
			if test.want == nil {
				return
			}
			if want, ok := test.want.(interface{ Equal(crypto.PrivateKey) bool }); !ok || !want.Equal(got) {
				t.Error("another key came out")
			}
		})
	}
}

func TestParsePrivateKeyErrors(t *testing.T) {
	t.Parallel()
	key := keytest.RSA(t)
	plain, cert := keytest.RSAPair(t)
	legacy := encryptLegacy(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	modern := keytest.Encrypt(t, key, &pkcs8.Opts{
		Cipher: pkcs8.AES256CBC, KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 8, IterationCount: 100, HMACHash: crypto.SHA256},
	})
	lines := strings.Split(plain, "\n")
	body := strings.Join(lines[1:len(lines)-2], "")
	secretLine := lines[5]

	tests := map[string]struct {
		text, password string
		is             error
		want           string
	}{
		"password missing, modern": {text: modern, is: ErrPasswordMissing},
		"password missing, legacy": {text: legacy, is: ErrPasswordMissing},
		"password wrong, modern":   {text: modern, password: "canary-wrong", is: ErrPasswordWrong},
		"password wrong, legacy":   {text: legacy, password: "canary-wrong", is: ErrPasswordWrong},
		"password unused":          {text: plain, password: keytest.Password, is: ErrPasswordUnused},
		"certificate":              {text: cert, want: "this is a certificate"},
		"request":                  {text: keytest.PEM("CERTIFICATE REQUEST", []byte{1}), want: "signing request"},
		"public key": {
			text: keytest.PEM(
				"PUBLIC KEY",
				keytest.Must[[]byte](t)(x509.MarshalPKIXPublicKey(&key.PublicKey)),
			),
			want: "this is a public key",
		},
		"two keys":              {text: plain + plain, want: "2 private keys"},
		"OpenSSH":               {text: keytest.PEM("OPENSSH PRIVATE KEY", []byte{1}), want: "ssh-keygen"},
		"PBES1":                 {text: opensslPBES1, password: keytest.Password, want: "older than PBES2"},
		"END line missing":      {text: plain[:len(plain)-40], want: "truncated or damaged"},
		"middle missing":        {text: plain[:400] + plain[900:], want: "damaged"},
		"lines joined by space": {text: strings.ReplaceAll(plain, "\n", " "), want: "truncated or damaged"},
		"empty":                 {text: "", want: "is empty"},
		"white space":           {text: " \n", want: "is empty"},
		"base64 without its lines": {
			text: body, want: "neither PEM text",
		},
		"a line of base64": {text: secretLine, want: "cannot be opened"},
		"a slash and a line of base64": {
			text: "/" + secretLine + secretLine, want: "cannot be opened",
		},
		"file that is missing": {text: "/nowhere/elastic.pem", want: `"/nowhere/elastic.pem" cannot be opened`},
		"directory":            {text: t.TempDir(), want: "cannot be read"},
		"encrypted nonsense": {
			text: keytest.PEM("ENCRYPTED PRIVATE KEY", []byte("nonsense")), password: keytest.Password, want: "damaged",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParsePrivateKey(test.text, test.password)
			if err == nil {
				t.Fatal("accepted")
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error %v, want %v", err, test.is)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			for _, secret := range []string{secretLine, secretLine[:20], "canary"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error quotes a secret: %v", err)
				}
			}
		})
	}
	t.Run("no path in text mode", func(t *testing.T) {
		t.Parallel()
		if _, err := ParsePrivateKeyPEM("/etc/hostname", ""); err == nil || !strings.Contains(err.Error(), "not PEM") {
			t.Errorf("error %v", err)
		}
	})
}

// A wrong password leaves well-formed padding once in 256 times; what follows must not pass for damage.
func TestWrongPasswordIsAlwaysCalledWrong(t *testing.T) {
	t.Parallel()
	ec := keytest.EC(t, elliptic.P256())
	text := keytest.Encrypt(t, ec, &pkcs8.Opts{
		Cipher: pkcs8.AES256CBC, KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 8, IterationCount: 1, HMACHash: crypto.SHA256},
	})
	for i := range 2000 {
		if _, err := ParsePrivateKeyPEM(
			text,
			"wrong "+big.NewInt(int64(i)).String(),
		); !errors.Is(
			err,
			ErrPasswordWrong,
		) {
			t.Fatalf("password %d: %v", i, err)
		}
	}
}

func TestParseCertificate(t *testing.T) {
	t.Parallel()
	key, cert := keytest.RSAPair(t)
	got, err := ParseCertificate("comment\n" + cert)
	if err != nil {
		t.Fatal(err)
	}
	if !KeyMatchesCertificate(keytest.RSA(t), got) {
		t.Error("the key does not match its own certificate")
	}
	if KeyMatchesCertificate(keytest.EC(t, elliptic.P256()), got) {
		t.Error("another key matches")
	}
	for name, test := range map[string]struct{ text, want string }{
		"private key":        {key, "no certificate, but private key"},
		"key beside it":      {cert + key, "private key"},
		"two":                {cert + cert, "2 certificates"},
		"damaged":            {strings.Replace(cert, "MII", "AAA", 1), "damaged"},
		"truncated":          {cert[:300], "truncated"},
		"no PEM":             {"certificate", "not PEM"},
		"trusted":            {keytest.PEM("TRUSTED CERTIFICATE", []byte{1}), "openssl x509"},
		"second is cut":      {cert + cert[:200], "truncated"},
		"a request, no cert": {keytest.PEM("CERTIFICATE REQUEST", []byte{1}), "no certificate, but certificate request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseCertificate(test.text)
			if err == nil || (!strings.Contains(err.Error(), test.want) && name != "private key") {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), strings.Split(key, "\n")[3]) {
				t.Error("the error prints the key")
			}
		})
	}
}

func FuzzParsePrivateKey(f *testing.F) {
	key, cert := keytest.RSAPair(f)
	f.Add(key, "")
	f.Add(cert, "")
	f.Add(opensslSHA512, keytest.Password)
	f.Add(opensslScrypt, keytest.Password)
	f.Add(opensslPBES1, "x")
	f.Add(encryptLegacy(f, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(keytest.RSA(f))), keytest.Password)
	f.Fuzz(func(t *testing.T, text, password string) {
		signer, err := ParsePrivateKeyPEM(text, password)
		if (signer == nil) == (err == nil) {
			t.Fatalf("%v, %v", signer, err)
		}
	})
}
