package pemkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // decrypts keys that others encrypted with 3DES
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // the default PRF of PBKDF2, by its standard
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/scrypt"
)

// Decrypting PKCS#8 is small enough to own, and the libraries for it stop at HMAC-SHA256 and panic on a ciphertext that
// is no whole number of blocks.

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
)

// pbkdf2Hashes maps the OIDs of PBKDF2's pseudo-random functions (RFC 8018, B.1.2).
var pbkdf2Hashes = map[string]func() hash.Hash{
	"":                    sha1.New,
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.8":  sha256.New224,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
	"1.2.840.113549.2.12": sha512.New512_224,
	"1.2.840.113549.2.13": sha512.New512_256,
}

// pbes2Ciphers maps the OIDs of the ciphers, all in CBC mode, to key sizes and constructors.
var pbes2Ciphers = map[string]struct {
	keySize  int
	newBlock func([]byte) (cipher.Block, error)
}{
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
}

// Work factors beyond these would hang or exhaust the process; OpenSSL's defaults are 2048 iterations and N = 16384.
const (
	maxPBKDF2Iterations = 5_000_000
	maxScryptMemory     = 256 << 20
	maxScryptParallel   = 16
)

var errDamagedPKCS8 = errors.New("the encrypted private key is damaged")

func errUnsupportedPKCS8(what string, oid asn1.ObjectIdentifier) error {
	return fmt.Errorf("the private key is encrypted with %s that is not supported (OID %s); encrypt it anew with "+
		"`openssl pkcs8 -topk8 -v2 aes-256-cbc -in <file> -out <new file>`", what, oid)
}

// decryptPKCS8 undoes PBES2 (RFC 8018) with PBKDF2 or scrypt. The result has been checked for its padding only.
func decryptPKCS8(der []byte, password string) ([]byte, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	if rest, err := asn1.Unmarshal(der, &info); err != nil || len(rest) > 0 {
		return nil, errDamagedPKCS8
	}
	if !info.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, errUnsupportedPKCS8("a scheme older than PBES2", info.Algorithm.Algorithm)
	}
	var params struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &params); err != nil {
		return nil, errDamagedPKCS8
	}
	scheme, ok := pbes2Ciphers[params.Cipher.Algorithm.String()]
	if !ok {
		return nil, errUnsupportedPKCS8("a cipher", params.Cipher.Algorithm)
	}
	var iv []byte
	if _, err := asn1.Unmarshal(params.Cipher.Parameters.FullBytes, &iv); err != nil {
		return nil, errDamagedPKCS8
	}
	key, err := deriveKey(params.KDF, password, scheme.keySize)
	if err != nil {
		return nil, err
	}
	block, err := scheme.newBlock(key)
	if err != nil {
		return nil, errDamagedPKCS8
	}
	size := block.BlockSize()
	if len(iv) != size || len(info.Data) == 0 || len(info.Data)%size != 0 {
		return nil, errDamagedPKCS8
	}
	plain := make([]byte, len(info.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, info.Data)
	return unpad(plain, size)
}

func deriveKey(kdf pkix.AlgorithmIdentifier, password string, size int) ([]byte, error) {
	switch {
	case kdf.Algorithm.Equal(oidPBKDF2):
		var p struct {
			Salt       []byte
			Iterations int
			KeySize    int                      `asn1:"optional"`
			PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &p); err != nil || p.Iterations < 1 {
			return nil, errDamagedPKCS8
		}
		if p.Iterations > maxPBKDF2Iterations {
			return nil, fmt.Errorf("the private key is encrypted with %d iterations, which is too many", p.Iterations)
		}
		prf, ok := pbkdf2Hashes[p.PRF.Algorithm.String()]
		if !ok {
			return nil, errUnsupportedPKCS8("a pseudo-random function", p.PRF.Algorithm)
		}
		key, err := pbkdf2.Key(prf, password, p.Salt, p.Iterations, size)
		if err != nil {
			return nil, errDamagedPKCS8
		}
		return key, nil
	case kdf.Algorithm.Equal(oidScrypt):
		var p struct {
			Salt                 []byte
			Cost, Block, Threads int
			KeySize              int `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(kdf.Parameters.FullBytes, &p); err != nil {
			return nil, errDamagedPKCS8
		}
		if p.Cost < 2 || p.Block < 1 || p.Threads < 1 || p.Threads > maxScryptParallel ||
			p.Block > maxScryptMemory/128 || p.Cost > maxScryptMemory/128/p.Block {
			return nil, errors.New("the private key is encrypted with scrypt parameters that are out of bounds")
		}
		key, err := scrypt.Key([]byte(password), p.Salt, p.Cost, p.Block, p.Threads, size)
		if err != nil {
			return nil, errDamagedPKCS8
		}
		return key, nil
	}
	return nil, errUnsupportedPKCS8("a key derivation", kdf.Algorithm)
}

// unpad takes off the padding of RFC 8018, 6.1.1. What is not well padded was decrypted with another key.
func unpad(plain []byte, size int) ([]byte, error) {
	n := int(plain[len(plain)-1])
	if n < 1 || n > size {
		return nil, ErrPasswordWrong
	}
	for _, b := range plain[len(plain)-n:] {
		if int(b) != n {
			return nil, ErrPasswordWrong
		}
	}
	return plain[:len(plain)-n], nil
}
