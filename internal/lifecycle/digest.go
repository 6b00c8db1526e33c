package lifecycle

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/singleflight"
)

// hashParameters are those of argon2id; memory in KiB.
type hashParameters struct {
	Passes uint32 `json:"passes"`
	Memory uint32 `json:"memory_kib"`
}

// currentHash is the least that is advised for argon2id today (OWASP, Password Storage Cheat Sheet).
var currentHash = hashParameters{Passes: 2, Memory: 19 * 1024}

// hashesAtOnce bounds the memory that slow hashes take.
const hashesAtOnce = 2

// digester makes the digests by which a changed secret is noticed. The slow hash is taken over the secret and a salt
// that the resources of a state share, so that a secret of many resources is hashed once in a process; a digest is an
// HMAC of it with the resource and the column, so that equal secrets do not look equal.
type digester struct {
	mu     sync.Mutex
	salt   []byte
	slow   sync.Map // by sha256 of salt, parameters and secret
	flight singleflight.Group
	slots  chan struct{}
}

var digests = &digester{slots: make(chan struct{}, hashesAtOnce)}

// share takes the salt of a resource that was read over for those that have none yet.
func (d *digester) share(salt []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.salt) == 0 && len(salt) > 0 {
		d.salt = salt
	}
}

// sharedSalt is the salt for new digests.
func (d *digester) sharedSalt() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.salt) == 0 {
		d.salt = make([]byte, 16)
		_, _ = rand.Read(d.salt) // never fails: crypto/rand
	}
	return d.salt
}

func (d *digester) digest(salt []byte, with hashParameters, secret, id, column string) []byte {
	mac := hmac.New(sha256.New, d.slowHash(salt, with, secret))
	for _, part := range []string{id, column} {
		_ = binary.Write(mac, binary.BigEndian, uint64(len(part))) // a hash takes every write
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

func (d *digester) equal(digest, salt []byte, with hashParameters, secret, id, column string) bool {
	return hmac.Equal(digest, d.digest(salt, with, secret, id, column))
}

func (d *digester) slowHash(salt []byte, with hashParameters, secret string) []byte {
	fast := sha256.New()
	_ = binary.Write(fast, binary.BigEndian, with)
	_ = binary.Write(fast, binary.BigEndian, uint64(len(salt)))
	fast.Write(salt)
	fast.Write([]byte(secret))
	key := string(fast.Sum(nil))
	if sum, ok := d.slow.Load(key); ok {
		return sum.([]byte) //nolint:forcetypeassert // nothing else is stored
	}
	sum, _, _ := d.flight.Do(key, func() (any, error) {
		d.slots <- struct{}{}
		defer func() { <-d.slots }()
		sum := argon2.IDKey([]byte(secret), salt, max(with.Passes, 1), with.Memory, 1, 32)
		d.slow.Store(key, sum)
		return sum, nil
	})
	return sum.([]byte) //nolint:forcetypeassert // as above
}
