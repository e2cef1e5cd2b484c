// Package jsonform writes strings and numbers as the rules R76 and R78 ask for. It knows no
// objects: whoever writes them knows their keys.
package jsonform

import (
	"math"
	"strconv"
)

const hex = "0123456789abcdef"

// Text is a string that encoding/json writes as R76 says.
type Text string

// MarshalJSON writes the string as R76 says. encoding/json would escape U+2028 and U+2029 too.
func (t Text) MarshalJSON() ([]byte, error) { return AppendString(nil, string(t)), nil }

// AppendString appends text, which must be UTF-8, as a JSON string: `"`, `\` and the characters
// below U+0020 are escaped, and nothing else.
func AppendString(dst []byte, text string) []byte {
	dst = append(dst, '"')
	plain := 0
	for i := range len(text) {
		b := text[i]
		if b >= 0x20 && b != '"' && b != '\\' {
			continue
		}
		dst = append(dst, text[plain:i]...)
		plain = i + 1
		switch b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
	}
	dst = append(dst, text[plain:]...)
	return append(dst, '"')
}

// AppendUint appends a whole number.
func AppendUint[T uint8 | uint16 | uint32 | uint64 | uint](dst []byte, value T) []byte {
	return strconv.AppendUint(dst, uint64(value), 10)
}

// The largest double below which every whole number is one.
const wholeMax = 1 << 53

// AppendFloat appends a finite number as ECMAScript's Number::toString writes it; −0 becomes 0.
func AppendFloat(dst []byte, value float64) []byte {
	size := math.Abs(value)
	if size < wholeMax && value == math.Trunc(value) {
		return strconv.AppendInt(dst, int64(value), 10)
	}
	if size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(dst, value, 'f', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, value, 'e', -1, 64)
	// Go writes an exponent in two digits at least, ECMAScript in as few as it takes.
	if n := len(dst); n-start >= 4 && dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}
