package api

import (
	"net/netip"
	"strings"

	"treasurehunt/internal/problem"
)

// target is a request target, taken apart.
type target struct {
	// path is as sent, up to the `?`; `/` where an absolute target has none.
	path, query string
	// authority of an absolute target: it takes the place of Host.
	authority string
	// asterisk: the server as a whole is meant.
	asterisk bool
}

// parseTarget takes a target apart: its forms are those of RFC 9112 section 3.2. A CONNECT is
// answered without a look at its target.
func parseTarget(method, raw string) (target, *problem.Problem) {
	switch {
	case strings.IndexByte(raw, '#') >= 0:
		return target{}, malformed("a fragment in the request target")
	case raw == "":
		return target{}, malformed("malformed request target")
	case raw[0] == '/':
		return originTarget(raw)
	case raw == "*" && method == "OPTIONS":
		return target{path: raw, asterisk: true}, nil
	case raw == "*":
		return target{}, malformed("an asterisk is the target of OPTIONS only")
	}
	return absoluteTarget(method, raw)
}

func originTarget(raw string) (target, *problem.Problem) {
	mark := -1
	for i := range len(raw) {
		if byteClass[raw[i]]&pathByte == 0 {
			return target{}, malformed("malformed request target")
		}
		if raw[i] == '?' && mark < 0 {
			mark = i
		}
	}
	if mark < 0 {
		return target{path: raw}, nil
	}
	return target{path: raw[:mark], query: raw[mark+1:]}, nil
}

func absoluteTarget(method, raw string) (target, *problem.Problem) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || !isWord(scheme, "http") && !isWord(scheme, "https") {
		return target{}, malformed("malformed request target")
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	if !isAuthority(authority) {
		return target{}, malformed("malformed authority in the request target")
	}
	t, refusal := originTarget(rest)
	t.authority = authority
	if rest == "" && method == "OPTIONS" {
		t.path, t.asterisk = "*", true
	} else if t.path == "" {
		t.path = "/"
	}
	return t, refusal
}

// isAuthority says whether text is a host that is not empty, and perhaps a port. There is no user
// information.
func isAuthority(text string) bool {
	var port string
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 || !isIPLiteral(text[1:end]) {
			return false
		}
		port = text[end+1:]
	} else {
		end := 0
		for end < len(text) && byteClass[text[end]]&nameByte != 0 {
			end++
		}
		if end == 0 || !escapesAreWhole(text[:end]) {
			return false
		}
		port = text[end:]
	}
	return port == "" || port[0] == ':' && isPort(port[1:])
}

func isIPLiteral(text string) bool {
	if future, ok := strings.CutPrefix(strings.ToLower(text), "v"); ok {
		version, address, ok := strings.Cut(future, ".")
		if !ok || version == "" || address == "" ||
			strings.Trim(version, "0123456789abcdef") != "" {
			return false
		}
		for i := range len(address) {
			b := address[i]
			if b != ':' && (byteClass[b]&nameByte == 0 || b == '%') {
				return false
			}
		}
		return true
	}
	addr, err := netip.ParseAddr(text)
	return err == nil && addr.Is6() && addr.Zone() == ""
}

func isPort(digits string) bool {
	port := 0
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
		if port = 10*port + int(digits[i]-'0'); port > 0xffff {
			return false
		}
	}
	return true
}

func escapesAreWhole(text string) bool {
	for i := range len(text) {
		if text[i] != '%' {
			continue
		}
		if _, ok := octet(text[i:]); !ok {
			return false
		}
	}
	return true
}

// decode decodes a segment of a path, or a name or value of a query. It allocates only where
// something is encoded. An encoded NUL is refused.
func decode(raw string) (string, *problem.Problem) {
	if strings.IndexByte(raw, '%') < 0 {
		return raw, nil
	}
	var text strings.Builder
	for raw != "" {
		if raw[0] != '%' {
			text.WriteByte(raw[0])
			raw = raw[1:]
			continue
		}
		b, ok := octet(raw)
		if !ok || b == 0 {
			return "", malformed("bad percent-encoding")
		}
		text.WriteByte(b)
		raw = raw[3:]
	}
	return text.String(), nil
}

// octet reads the `%41` that text begins with.
func octet(text string) (byte, bool) {
	if len(text) < 3 {
		return 0, false
	}
	high, low := hexDigit(text[1]), hexDigit(text[2])
	return high<<4 | low, high < 16 && low < 16
}

func hexDigit(b byte) byte {
	switch {
	case '0' <= b && b <= '9':
		return b - '0'
	case 'a' <= b|0x20 && b|0x20 <= 'f':
		return b | 0x20 - 'a' + 10
	}
	return 16
}

// Classes of bytes: of a path or query, and of a registered name (RFC 3986 sections 3.3 and 3.2.2).
const (
	pathByte = 1 << iota
	nameByte
)

var byteClass = func() (class [256]uint8) {
	const unreserved = "-._~" + "!$&'()*+,;=" + "%"
	for b := range 256 {
		letter := 'a' <= b|0x20 && b|0x20 <= 'z' && b < 0x80
		if letter || '0' <= b && b <= '9' || b > 0 && b < 0x80 &&
			strings.IndexByte(unreserved, byte(b)) >= 0 {
			class[b] = pathByte | nameByte
		}
	}
	for _, b := range []byte(":@/?") {
		class[b] |= pathByte
	}
	return class
}()

func malformed(detail string) *problem.Problem { return problem.MalformedRequest.Because(detail) }
