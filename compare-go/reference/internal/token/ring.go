package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"sync"
)

// SecretBytesMin is the fewest bytes of a secret: as many as the hash has (RFC 2104 section 3).
const SecretBytesMin = 32

const macBytes = sha256.Size

// Key is a signing key.
type Key struct {
	ID     byte
	Secret []byte
}

// Ring is the signing keys. The first signs; all verify, so a new key is put first and the old one
// is kept until its last token has expired. It may be used by several goroutines.
type Ring struct {
	keys []*key
}

// A key, and HMACs of it that are ready to be used: making one costs two allocations and two blocks
// of hashing, using one again neither.
type key struct {
	id   byte
	macs sync.Pool
}

// NewRing returns the ring of keys. There must be at least one key, no two with one id, and no
// secret shorter than [SecretBytesMin].
func NewRing(keys []Key) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("at least one signing key is needed")
	}
	ring := &Ring{}
	for _, k := range keys {
		if len(k.Secret) < SecretBytesMin {
			return nil, fmt.Errorf("the secret of signing key %d has fewer than %d bytes",
				k.ID, SecretBytesMin)
		}
		if ring.find(k.ID) != nil {
			return nil, fmt.Errorf("two signing keys have the id %d", k.ID)
		}
		secret := append([]byte(nil), k.Secret...)
		add := &key{id: k.ID}
		add.macs.New = func() any { return &mac{Hash: hmac.New(sha256.New, secret)} }
		ring.keys = append(ring.keys, add)
	}
	return ring, nil
}

// An HMAC and the memory that it reads and writes: what goes through its interface would otherwise
// be allocated for each use.
type mac struct {
	hash.Hash
	payload [tokenMax]byte
	sum     [macBytes]byte
}

func (r *Ring) find(id byte) *key {
	for _, key := range r.keys {
		if key.id == id {
			return key
		}
	}
	return nil
}

// sum writes the HMAC of payload, which is shorter than a token.
func (k *key) sum(out *[macBytes]byte, payload []byte) {
	m := k.macs.Get().(*mac)
	defer k.macs.Put(m)
	m.Reset()
	m.Write(m.payload[:copy(m.payload[:], payload)])
	m.Sum(m.sum[:0])
	*out = m.sum
}
