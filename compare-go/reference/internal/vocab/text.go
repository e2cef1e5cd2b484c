// Package vocab holds the words that documents, rules and answers share: ids, names, keys, places,
// power-ups, outcomes. A value of one of these types is well-formed; it knows no rules of the game
// and no JSON beyond how it is written itself.
package vocab

import (
	"strings"
	"unicode/utf8"

	"treasurehunt/internal/jsonform"
)

// The longest texts, in bytes.
const (
	IDBytesMax   = 32
	NameBytesMax = 64
	KeyBytesMax  = 64
)

// ID is the id of a quest, hunt, treasure or item: 1 to 32 of `A-Z a-z 0-9 . _ -`, the first a
// letter or digit. It is held inline, so that reading, comparing and passing it on never allocates.
// The zero value is no id.
type ID struct {
	bytes [IDBytesMax]byte
	len   uint8
}

// ParseID returns the id that text is, and whether it is one.
func ParseID[T string | []byte](text T) (ID, bool) {
	if len(text) == 0 || len(text) > IDBytesMax || !isAlphanumeric(text[0]) {
		return ID{}, false
	}
	id := ID{len: uint8(len(text))}
	for i := range len(text) {
		if !isAlphanumeric(text[i]) && text[i] != '.' && text[i] != '_' && text[i] != '-' {
			return ID{}, false
		}
	}
	copy(id.bytes[:], text)
	return id, true
}

// Append appends the id's text.
func (id ID) Append(dst []byte) []byte { return append(dst, id.bytes[:id.len]...) }

// Bytes is the id's text, for as long as the id is not written.
func (id *ID) Bytes() []byte { return id.bytes[:id.len] }

// AppendText is [ID.Append] for packages that know [encoding.TextAppender].
func (id ID) AppendText(dst []byte) ([]byte, error) { return id.Append(dst), nil }

// MarshalText is the id's text, for encoding/json.
func (id ID) MarshalText() ([]byte, error) { return id.Append(nil), nil }

// Len is the length of the id's text.
func (id ID) Len() int { return int(id.len) }

// String is the id's text. It allocates.
func (id ID) String() string { return string(id.bytes[:id.len]) }

// Name is the name of a player or a quest: 1 to 64 bytes of UTF-8 without control characters
// (U+0000 to U+001F, U+007F to U+009F) that neither starts nor ends with a space.
type Name string

// ParseName returns the name that text is, and whether it is one.
func ParseName(text []byte) (Name, bool) {
	if len(text) == 0 || len(text) > NameBytesMax || !utf8.Valid(text) {
		return "", false
	}
	name := string(text)
	if name[0] == ' ' || name[len(name)-1] == ' ' || strings.ContainsFunc(name, isControl) {
		return "", false
	}
	return Name(name), true
}

// MarshalJSON writes the name as R76 says. encoding/json would escape U+2028 and U+2029 too.
func (n Name) MarshalJSON() ([]byte, error) {
	return jsonform.AppendString(nil, string(n)), nil
}

// Key is an idempotency key, chosen by the client: 1 to 64 characters from `!` to `~`, held inline.
// The zero value stands for no key.
type Key struct {
	bytes [KeyBytesMax]byte
	len   uint8
}

// ParseKey returns the key that text is, and whether it is one.
func ParseKey(text []byte) (Key, bool) {
	if len(text) == 0 || len(text) > KeyBytesMax {
		return Key{}, false
	}
	for _, b := range text {
		if b < '!' || b > '~' {
			return Key{}, false
		}
	}
	key := Key{len: uint8(len(text))}
	copy(key.bytes[:], text)
	return key, true
}

// IsZero says whether there is no key.
func (k *Key) IsZero() bool { return k.len == 0 }

// Bytes is the key's text, for as long as k is not written.
func (k *Key) Bytes() []byte { return k.bytes[:k.len] }

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

func isControl(r rune) bool { return r < 0x20 || 0x7f <= r && r <= 0x9f }
