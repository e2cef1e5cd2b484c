package config

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"treasurehunt/internal/token"
)

// Bounds of signing keys.
const (
	secretBytesMax = 128
	keysMax        = 16
)

// parseSecret reads a secret. No error shows any part of it.
func parseSecret(digits string) ([]byte, error) {
	secret, err := hex.DecodeString(digits)
	switch {
	case errors.Is(err, hex.ErrLength):
		return nil, errors.New("a secret has an even number of hexadecimal digits")
	case err != nil:
		return nil, errors.New("a secret is written in hexadecimal digits only")
	case len(secret) < token.SecretBytesMin || len(secret) > secretBytesMax:
		return nil, fmt.Errorf("a secret has %d to %d hexadecimal digits, this one has %d",
			2*token.SecretBytesMin, 2*secretBytesMax, len(digits))
	}
	return secret, nil
}

// parseKeys reads keys written ID:SECRET, parted by commas or line ends; `#` begins a comment.
func parseKeys(text string) ([]token.Key, error) {
	var keys []token.Key
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for word := range strings.SplitSeq(line, ",") {
			if word = strings.TrimSpace(word); word == "" {
				continue
			}
			digits, secret, ok := strings.Cut(word, ":")
			if !ok {
				return nil, errors.New("a key is written ID:SECRET, as 1:0a1b2c…")
			}
			id, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 8)
			if err != nil {
				return nil, errors.New("the id of a key is a number from 0 to 255")
			}
			bytes, err := parseSecret(strings.TrimSpace(secret))
			if err != nil {
				return nil, err
			}
			keys = append(keys, token.Key{ID: byte(id), Secret: bytes})
		}
	}
	return keys, checkKeys(keys)
}

// checkKeys holds keys against the rules that concern them together.
func checkKeys(keys []token.Key) error {
	if len(keys) == 0 {
		return errors.New("no key is given")
	}
	if len(keys) > keysMax {
		return fmt.Errorf("more than %d keys", keysMax)
	}
	var seen [256]bool
	for _, key := range keys {
		if seen[key.ID] {
			return fmt.Errorf("two keys have the id %d", key.ID)
		}
		seen[key.ID] = true
	}
	return nil
}

// RandomKey is a fresh key from the randomness of the operating system.
func RandomKey(id byte) token.Key {
	secret := make([]byte, token.SecretBytesMin)
	_, _ = rand.Read(secret) // It ends the process where there is no randomness.
	return token.Key{ID: id, Secret: secret}
}

// WriteKey is the key as a line of a key file; for `token new-key` alone, which exists to show it.
func WriteKey(key token.Key) string {
	return fmt.Sprintf("%d:%x", key.ID, key.Secret)
}

// mayHoldSecret says whether a text holds what may be a secret, so that no error may quote it.
func mayHoldSecret(text string) bool {
	run := 0
	for i := range len(text) {
		b := text[i] | 0x20
		if '0' <= text[i] && text[i] <= '9' || 'a' <= b && b <= 'f' {
			if run++; run >= token.SecretBytesMin {
				return true
			}
		} else {
			run = 0
		}
	}
	return false
}
