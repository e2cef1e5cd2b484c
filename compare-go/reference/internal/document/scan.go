package document

import "unicode/utf8"

// The tokens of RFC 8259. Each function takes the offset at which a token begins and returns where
// it ends and true, or the first byte that cannot continue the document and false. What a token
// means and which one is wanted are the reader's.

// skipSpace is the first byte at or after at that is not insignificant whitespace.
func skipSpace(doc []byte, at int) int {
	for at < len(doc) {
		switch doc[at] {
		case ' ', '\n', '\r', '\t':
			at++
		default:
			return at
		}
	}
	return at
}

// beginsValue says whether a value can begin with b.
func beginsValue(b byte) bool {
	switch b {
	case '{', '[', '"', '-', 't', 'f', 'n':
		return true
	}
	return isDigit(b)
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// scanWord scans the literal word.
func scanWord(doc []byte, at int, word string) (int, bool) {
	for i := range len(word) {
		if at+i == len(doc) || doc[at+i] != word[i] {
			return at + i, false
		}
	}
	return at + len(word), true
}

// scanNumber scans a number; the byte at at is a digit or a minus sign.
func scanNumber(doc []byte, at int) (int, bool) {
	if doc[at] == '-' {
		at++
	}
	//= https://www.rfc-editor.org/rfc/rfc8259#section-6
	//# Leading zeros are not allowed.
	ok := true
	if at < len(doc) && doc[at] == '0' {
		at++
	} else if at, ok = scanDigits(doc, at); !ok {
		return at, false
	}
	if at < len(doc) && doc[at] == '.' {
		if at, ok = scanDigits(doc, at+1); !ok {
			return at, false
		}
	}
	if at < len(doc) && (doc[at] == 'e' || doc[at] == 'E') {
		at++
		if at < len(doc) && (doc[at] == '+' || doc[at] == '-') {
			at++
		}
		return scanDigits(doc, at)
	}
	return at, true
}

// scanDigits scans one digit or more.
func scanDigits(doc []byte, from int) (int, bool) {
	at := from
	for at < len(doc) && isDigit(doc[at]) {
		at++
	}
	return at, at > from
}

// scanString scans a string; its opening quote is at open. It says too whether there are escapes,
// so that the text is not its bytes.
func scanString(doc []byte, open int) (end int, escaped, ok bool) {
	at := open + 1
	for {
		if at, ok = scanPlain(doc, at); !ok || at == len(doc) {
			return at, escaped, false
		}
		switch doc[at] {
		case '"':
			return at + 1, escaped, true
		case '\\':
			escaped = true
			if at, _, ok = scanEscape(doc, at); !ok {
				return at, escaped, false
			}
		default:
			//= https://www.rfc-editor.org/rfc/rfc8259#section-7
			//# the characters that MUST be escaped: quotation mark, reverse solidus, and the
			//# control characters (U+0000 through U+001F).
			return at, escaped, false
		}
	}
}

// scanPlain scans up to a quote, a backslash, a control character or the end of the document; what
// lies between must be UTF-8.
func scanPlain(doc []byte, from int) (int, bool) {
	at := from
	var seen byte
	for at < len(doc) {
		b := doc[at]
		if b < 0x20 || b == '"' || b == '\\' {
			break
		}
		seen |= b
		at++
	}
	if seen < utf8.RuneSelf {
		return at, true
	}
	for plain := doc[from:at]; len(plain) > 0; {
		char, size := utf8.DecodeRune(plain)
		if char == utf8.RuneError && size == 1 {
			return at - len(plain), false
		}
		plain = plain[size:]
	}
	return at, true
}

// scanEscape scans an escape, whose backslash is at at, and returns its character too.
func scanEscape(doc []byte, at int) (int, rune, bool) {
	if at+1 == len(doc) {
		return at + 1, 0, false
	}
	var char rune
	switch doc[at+1] {
	case '"', '\\', '/':
		char = rune(doc[at+1])
	case 'b':
		char = '\b'
	case 'f':
		char = '\f'
	case 'n':
		char = '\n'
	case 'r':
		char = '\r'
	case 't':
		char = '\t'
	case 'u':
		return scanUnicodeEscape(doc, at)
	default:
		return at + 1, 0, false
	}
	return at + 2, char, true
}

// Where the halves of surrogate pairs begin, and where they end.
const (
	surrogateHigh = 0xd800
	surrogateLow  = 0xdc00
	surrogateEnd  = 0xe000
)

// scanUnicodeEscape is scanEscape for `\uXXXX`. Half of a surrogate pair without its other half
// names no character and stops at its backslash, whatever follows.
func scanUnicodeEscape(doc []byte, at int) (int, rune, bool) {
	end, first, ok := scanHex4(doc, at+2)
	if !ok {
		return end, 0, false
	}
	if first < surrogateHigh || first >= surrogateEnd {
		return end, first, true
	}
	//= https://www.rfc-editor.org/rfc/rfc8259#section-7
	//# To escape an extended character that is not in the Basic Multilingual Plane, the character
	//# is represented as a 12-character sequence, encoding the UTF-16 surrogate pair.
	if first >= surrogateLow || len(doc) < end+2 || doc[end] != '\\' || doc[end+1] != 'u' {
		return at, 0, false
	}
	end, second, ok := scanHex4(doc, end+2)
	if !ok || second < surrogateLow || second >= surrogateEnd {
		return at, 0, false
	}
	return end, 0x10000 + (first-surrogateHigh)<<10 + (second - surrogateLow), true
}

// scanHex4 scans four hexadecimal digits.
func scanHex4(doc []byte, from int) (int, rune, bool) {
	var value rune
	for at := from; at < from+4; at++ {
		if at >= len(doc) {
			return at, 0, false
		}
		b := doc[at]
		switch {
		case isDigit(b):
			value = value<<4 | rune(b-'0')
		case 'a' <= b|0x20 && b|0x20 <= 'f':
			value = value<<4 | rune(b|0x20-'a'+10)
		default:
			return at, 0, false
		}
	}
	return from + 4, value, true
}

// unescape is the text of raw, the inside of a string that scanString took.
func unescape(raw []byte) []byte {
	text := make([]byte, 0, len(raw))
	for at := 0; at < len(raw); {
		if raw[at] != '\\' {
			text = append(text, raw[at])
			at++
			continue
		}
		end, char, _ := scanEscape(raw, at)
		text = utf8.AppendRune(text, char)
		at = end
	}
	return text
}
