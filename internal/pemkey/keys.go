// Package pemkey reads private keys and certificates from PEM text or files.
package pemkey

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

var (
	// ErrPasswordMissing reports that a private key is encrypted and that no password came with it.
	ErrPasswordMissing = errors.New("the private key is encrypted, and no password is configured for it")
	// ErrPasswordWrong reports that a private key could not be decrypted with the password.
	ErrPasswordWrong = errors.New("the password does not decrypt the private key")
	// ErrPasswordUnused reports that a password came with a private key that is not encrypted.
	ErrPasswordUnused = errors.New("a password is configured for a private key that is not encrypted")
)

// ParsePrivateKey reads a private key from PEM text or from the file of that name: PKCS#8, PKCS#1 (RSA) or SEC 1 (EC),
// plain or encrypted. Password is "" for a plain key. Certificates beside the key are passed over.
// No error quotes the key, the password, or a text that may be a mangled key.
func ParsePrivateKey(pemOrPath, password string) (crypto.Signer, error) {
	data, err := readPEM(pemOrPath, "private key")
	if err != nil {
		return nil, err
	}
	return ParsePrivateKeyPEM(data, password)
}

// ParsePrivateKeyPEM is ParsePrivateKey for PEM text alone; it opens no file.
func ParsePrivateKeyPEM(text, password string) (crypto.Signer, error) {
	blocks, err := decodePEM(text, "private key")
	if err != nil {
		return nil, err
	}
	var found []*pem.Block
	var other string
	for _, block := range blocks {
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			found = append(found, block)
		case block.Type != "EC PARAMETERS": // `openssl ecparam -genkey` writes them before the key
			other = block.Type
		}
	}
	switch {
	case len(found) > 1:
		return nil, fmt.Errorf("the text holds %d private keys, and one is needed", len(found))
	case len(found) == 1:
		return parseKeyBlock(found[0], password)
	case strings.HasSuffix(other, "PUBLIC KEY"):
		return nil, errors.New("this is a public key; the private key is needed")
	case strings.HasSuffix(other, "CERTIFICATE"):
		return nil, errors.New("this is a certificate; the private key that belongs to it is needed")
	case strings.HasSuffix(other, "CERTIFICATE REQUEST"):
		return nil, errors.New("this is a certificate signing request; the private key that belongs to it is needed")
	}
	return nil, errors.New("the PEM text holds no private key")
}

func parseKeyBlock(block *pem.Block, password string) (crypto.Signer, error) {
	der := block.Bytes
	switch {
	case block.Type == "OPENSSH PRIVATE KEY":
		return nil, errors.New("this is a key in OpenSSH's own format; convert it with " +
			"`ssh-keygen -p -m PKCS8 -f <file>`")
	case block.Type == "ENCRYPTED PRIVATE KEY":
		if password == "" {
			return nil, ErrPasswordMissing
		}
		plain, err := decryptPKCS8(der, password)
		if err != nil {
			return nil, err
		}
		der = plain
	case block.Headers["DEK-Info"] != "":
		if password == "" {
			return nil, ErrPasswordMissing
		}
		// The format is weak (no integrity, MD5), but it is what `openssl genrsa -aes256` wrote for two decades.
		plain, err := x509.DecryptPEMBlock(block, []byte(password)) //nolint:staticcheck // see above
		switch {
		case errors.Is(err, x509.IncorrectPasswordError):
			return nil, ErrPasswordWrong
		case err != nil:
			return nil, errors.New("the encrypted private key is damaged, or encrypted with an unknown cipher")
		}
		der = plain
	case password != "":
		return nil, ErrPasswordUnused
	}
	key, err := parseKeyDER(der)
	if err != nil && password != "" {
		// Neither format can verify a password; one wrong password in 256 leaves well-formed padding.
		return nil, ErrPasswordWrong
	}
	return key, err
}

// parseKeyDER goes by the content and not by the label, which tools get wrong.
func parseKeyDER(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, errors.New("the private key is of a kind that cannot sign")
		}
		return signer, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	// The parsers' own errors may hold numbers out of the key.
	return nil, errors.New("the private key is damaged, or of a kind that is not supported (RSA, EC and Ed25519 are)")
}

// ParseCertificate reads the one certificate that a PEM text holds.
func ParseCertificate(text string) (*x509.Certificate, error) {
	certs, err := parseCertificates(text)
	if err != nil {
		return nil, err
	}
	if len(certs) > 1 {
		return nil, fmt.Errorf("the text holds %d certificates, and exactly one is needed", len(certs))
	}
	return certs[0], nil
}

// ReadCertificates reads one or more certificates from PEM text or a file.
func ReadCertificates(pemOrPath string) ([]*x509.Certificate, error) {
	text, err := readPEM(pemOrPath, "certificate")
	if err != nil {
		return nil, err
	}
	return parseCertificates(text)
}

func parseCertificates(text string) ([]*x509.Certificate, error) {
	blocks, err := decodePEM(text, "certificate")
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for _, block := range blocks {
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil, errors.New("the text holds a private key where only a certificate belongs; take the key out")
		case block.Type == "CERTIFICATE":
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("the certificate is damaged: %w", err)
			}
			certs = append(certs, cert)
		case block.Type == "TRUSTED CERTIFICATE":
			return nil, errors.New("this is a certificate in OpenSSL's own format; convert it with " +
				"`openssl x509 -in <file>`")
		}
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("the PEM text holds no certificate, but %s", strings.ToLower(blocks[0].Type))
	}
	return certs, nil
}

// KeyMatchesCertificate reports whether a certificate is for the public half of a key.
func KeyMatchesCertificate(key crypto.Signer, cert *x509.Certificate) bool {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(cert.PublicKey)
}

const pemBegin = "-----BEGIN "

// decodePEM returns all blocks of a text, at least one.
func decodePEM(text, what string) ([]*pem.Block, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return nil, fmt.Errorf("the %s is empty", what)
	case !strings.Contains(text, pemBegin):
		return nil, fmt.Errorf("this is not PEM text: a %s begins with a line as \"-----BEGIN %s-----\"; "+
			"a DER, PKCS#12 or JKS file must be converted first", what, strings.ToUpper(what))
	}
	// An environment variable or a CI secret often holds the text in one line, with \n spelled out.
	if !strings.Contains(strings.TrimSpace(text), "\n") {
		text = strings.NewReplacer(`\r\n`, "\n", `\n`, "\n", "\r", "\n").Replace(text)
	}
	var blocks []*pem.Block
	rest := dedent(text)
	for {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		blocks = append(blocks, block)
		rest = after
	}
	if len(blocks) == 0 || bytes.Contains(rest, []byte(pemBegin)) {
		return nil, fmt.Errorf("the %s is truncated or damaged: its PEM text cannot be decoded; compare its first and "+
			"last lines, and see that no line was changed or joined", what)
	}
	return blocks, nil
}

// dedent takes the white space off both ends of every line, which an indented heredoc leaves and pem.Decode refuses.
func dedent(text string) []byte {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// maxKeyFile caps what is read of a file that was named in error.
const maxKeyFile = 1 << 20

// readPEM returns PEM text as it is, and reads anything else from the file of that name.
func readPEM(pemOrPath, what string) (string, error) {
	if strings.Contains(pemOrPath, pemBegin) || strings.TrimSpace(pemOrPath) == "" {
		return pemOrPath, nil
	}
	// What is not a path may be a key without its BEGIN line, which an error about a missing file must not print.
	named := fmt.Sprintf("the %s's file", what)
	if isPath(pemOrPath) {
		named = fmt.Sprintf("the %s's file %q", what, pemOrPath)
	} else if len(pemOrPath) > 1024 || strings.ContainsAny(pemOrPath, "\r\n\x00") {
		return "", fmt.Errorf("the %s is neither PEM text (with its BEGIN and END lines) nor the path of a file", what)
	}
	name := pemOrPath
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			name = filepath.Join(home, rest)
		}
	}
	file, err := os.Open(name) //nolint:gosec // the user names the file
	if err != nil {
		return "", fmt.Errorf("%s cannot be opened: %w", named, withoutPath(err))
	}
	defer file.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s cannot be read: %w", named, withoutPath(err))
	case len(data) > maxKeyFile:
		return "", fmt.Errorf("%s is larger than 1 MiB", named)
	}
	return string(data), nil
}

// keyFileExtensions are those of files that hold keys and certificates, in PEM or not.
var keyFileExtensions = []string{".pem", ".key", ".p8", ".pk8", ".crt", ".cer", ".cert", ".der", ".p12", ".pfx", ".jks"}

// isPath reports whether a text plainly is a path and nothing secret. A line of a key's base64 may begin with "/" and
// hold more of them, but neither a dot, a tilde, a dash nor a space.
func isPath(s string) bool {
	if len(s) > 255 || strings.ContainsAny(s, "\r\n\x00") {
		return false
	}
	if slices.Contains(keyFileExtensions, strings.ToLower(filepath.Ext(s))) {
		return true
	}
	rooted := strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") ||
		strings.HasPrefix(s, "~/")
	return rooted && strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", r)
	})
}

func withoutPath(err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
