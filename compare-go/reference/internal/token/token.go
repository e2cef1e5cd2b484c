// Package token makes and checks the tokens of players and administrators (R67): who speaks, until
// when, signed with HMAC-SHA256 (RFC 2104). No token is stored; whoever holds the key can check it.
package token

import (
	"errors"

	"treasurehunt/internal/vocab"
)

// SecretBytesMin is the fewest bytes of a secret: as many as the hash has (RFC 2104 section 3).
const SecretBytesMin = 32

// Why a token is refused.
var (
	// ErrInvalid: not a token, of another kind, or signed by no key of the ring.
	ErrInvalid = errors.New("the token is not valid")
	// ErrExpired: at or past its expiry.
	ErrExpired = errors.New("the token has expired")
)

// Key is a signing key.
type Key struct {
	ID     byte
	Secret []byte
}

// Ring is the signing keys: the first signs, all verify. It may be used by several goroutines.
type Ring struct{}

// Session says whom a session token is for.
type Session struct {
	Hunt   vocab.ID
	Player vocab.PlayerRef
}

// NewRing returns the ring of keys. There must be at least one key, no two with one id, and no
// secret shorter than [SecretBytesMin].
func NewRing(keys []Key) (*Ring, error) { panic("unwritten") }

// AppendSession appends the token of a session that is good until expiresMs, in milliseconds since
// 1970.
func (r *Ring) AppendSession(dst []byte, s *Session, expiresMs int64) []byte { panic("unwritten") }

// AppendAdmin appends an admin token that is good until expiresMs.
func (r *Ring) AppendAdmin(dst []byte, expiresMs int64) []byte { panic("unwritten") }

// Session returns whom a session token is for; [ErrInvalid] or [ErrExpired] where it is refused.
func (r *Ring) Session(nowMs int64, token []byte) (Session, error) { panic("unwritten") }

// Admin says whether an admin token is good: nil, [ErrInvalid] or [ErrExpired].
func (r *Ring) Admin(nowMs int64, token []byte) error { panic("unwritten") }
