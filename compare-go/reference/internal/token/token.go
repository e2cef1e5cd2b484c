// Package token makes and checks the tokens of players and administrators (R67): who speaks, until
// when, signed with HMAC-SHA256 (RFC 2104). No token is stored; whoever holds the key can check it.
//
// A token is base64url, without padding, of a payload and its HMAC. The payload is
//
//	kind (1 byte: 1 session, 2 admin), key id (1), expiry (8, milliseconds since 1970)
//
// and for a session
//
//	player (4), start of the round (8, milliseconds since 1970), the hunt's id
//
// with numbers in big-endian.
package token

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"treasurehunt/internal/vocab"
)

// Why a token is refused.
var (
	// ErrInvalid: not a token, of another kind, or signed by no key of the ring.
	ErrInvalid = errors.New("the token is not valid")
	// ErrExpired: at or past its expiry.
	ErrExpired = errors.New("the token has expired")
)

// Session says whom a session token is for.
type Session struct {
	Hunt   vocab.ID
	Player vocab.PlayerRef
}

const (
	kindSession = 1
	kindAdmin   = 2

	headBytes   = 10
	playerBytes = 12
	tokenMax    = headBytes + playerBytes + vocab.IDBytesMax + macBytes
)

// Base64url without padding, whose last character has no bits but those of the last byte: every
// token is written in one way only.
var encoding = base64.RawURLEncoding.Strict()

// AppendSession appends the token of a session that is good until expiresMs, in milliseconds since
// 1970. It allocates only where dst must grow.
func (r *Ring) AppendSession(dst []byte, s *Session, expiresMs int64) []byte {
	var space [tokenMax]byte
	payload := r.appendHead(space[:0], kindSession, expiresMs)
	payload = binary.BigEndian.AppendUint32(payload, s.Player.Player)
	payload = binary.BigEndian.AppendUint64(payload, uint64(s.Player.StartedMs))
	return r.appendSigned(dst, s.Hunt.Append(payload))
}

// AppendAdmin appends an admin token that is good until expiresMs.
func (r *Ring) AppendAdmin(dst []byte, expiresMs int64) []byte {
	var space [tokenMax]byte
	return r.appendSigned(dst, r.appendHead(space[:0], kindAdmin, expiresMs))
}

// Session returns whom a session token is for; [ErrInvalid] or [ErrExpired] where it is refused.
func (r *Ring) Session(nowMs int64, token []byte) (Session, error) {
	var space [tokenMax]byte
	claims, err := r.verify(nowMs, kindSession, token, &space)
	if err != nil {
		return Session{}, err
	}
	if len(claims) < playerBytes {
		return Session{}, ErrInvalid
	}
	hunt, ok := vocab.ParseID(claims[playerBytes:])
	if !ok {
		return Session{}, ErrInvalid
	}
	player := vocab.PlayerRef{
		Player:    binary.BigEndian.Uint32(claims),
		StartedMs: int64(binary.BigEndian.Uint64(claims[4:])),
	}
	return Session{Hunt: hunt, Player: player}, nil
}

// Admin says whether an admin token is good: nil, [ErrInvalid] or [ErrExpired].
func (r *Ring) Admin(nowMs int64, token []byte) error {
	var space [tokenMax]byte
	claims, err := r.verify(nowMs, kindAdmin, token, &space)
	if err == nil && len(claims) > 0 {
		return ErrInvalid
	}
	return err
}

// verify returns what follows the head of a payload that a key of the ring has signed.
func (r *Ring) verify(
	nowMs int64, kind byte, token []byte, space *[tokenMax]byte,
) ([]byte, error) {
	// The decoder would pass over line ends.
	if encoding.DecodedLen(len(token)) > tokenMax || bytes.ContainsAny(token, "\r\n") {
		return nil, ErrInvalid
	}
	n, err := encoding.Decode(space[:], token)
	if err != nil || n < headBytes+macBytes {
		return nil, ErrInvalid
	}
	payload, mac := space[:n-macBytes], space[n-macBytes:n]
	key := r.find(payload[1])
	if key == nil {
		return nil, ErrInvalid
	}
	var want [macBytes]byte
	key.sum(&want, payload)
	if !hmac.Equal(want[:], mac) || payload[0] != kind {
		return nil, ErrInvalid
	}
	if uint64(nowMs) >= binary.BigEndian.Uint64(payload[2:]) {
		return nil, ErrExpired
	}
	return payload[headBytes:], nil
}

func (r *Ring) appendHead(payload []byte, kind byte, expiresMs int64) []byte {
	payload = append(payload, kind, r.keys[0].id)
	return binary.BigEndian.AppendUint64(payload, uint64(expiresMs))
}

func (r *Ring) appendSigned(dst, payload []byte) []byte {
	var mac [macBytes]byte
	r.keys[0].sum(&mac, payload)
	return encoding.AppendEncode(dst, append(payload, mac[:]...))
}
