// Package keytest makes keys and certificates for tests.
package keytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/youmark/pkcs8"
)

// Password encrypts the keys of Encrypt.
const Password = "canary-key-password"

var rsaPair = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// RSA returns one key for all the tests of a process.
func RSA(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	key, err := rsaPair()
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// EC makes a key on a curve.
func EC(tb testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// Must ends the test at an error.
func Must[T any](tb testing.TB) func(T, error) T {
	tb.Helper()
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// PEM encodes one block.
func PEM(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// PKCS8 encodes a key as PEM.
func PKCS8(tb testing.TB, key any) string {
	tb.Helper()
	return PEM("PRIVATE KEY", Must[[]byte](tb)(x509.MarshalPKCS8PrivateKey(key)))
}

// Certificate signs a certificate of a key with that key, valid for an hour, as PEM.
func Certificate(tb testing.TB, key crypto.Signer) string {
	tb.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
	}
	der := Must[[]byte](tb)(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return PEM("CERTIFICATE", der)
}

// RSAPair returns an RSA key and a certificate for it, in PEM.
func RSAPair(tb testing.TB) (key, cert string) {
	tb.Helper()
	return PKCS8(tb, RSA(tb)), Certificate(tb, RSA(tb))
}

// Encrypt uses an implementation that is not the one under test.
func Encrypt(tb testing.TB, key any, opts *pkcs8.Opts) string {
	tb.Helper()
	return PEM("ENCRYPTED PRIVATE KEY", Must[[]byte](tb)(pkcs8.MarshalPrivateKey(key, []byte(Password), opts)))
}
