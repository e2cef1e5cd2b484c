package api

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

// Handshake is an opening handshake that was good (RFC 6455 section 4).
type Handshake struct {
	// Codec is how messages are encoded.
	Codec vocab.Codec
	// Accept is the value of Sec-WebSocket-Accept.
	Accept string
	// Protocol is the subprotocol that was chosen; empty where none was offered.
	Protocol string
}

// subprotocols are the names of the codecs.
var subprotocols = [vocab.CodecCount]string{vocab.JSON: "hunt.v1+json", vocab.Protobuf: "hunt.v1"}

// readHandshake checks that a head asks for a WebSocket of version 13 that is spoken here.
func (s *Service) readHandshake(head Head) (Handshake, *problem.Problem) {
	version, _ := head.Field("Sec-Websocket-Version")
	key, _ := head.Field("Sec-Websocket-Key")
	origin, hasOrigin := head.Field("Origin")
	_, minor := head.Version()
	if head.Method() != "GET" || minor == 0 || version != "13" ||
		!hasElement(head, "Connection", "upgrade") || !hasElement(head, "Upgrade", "websocket") {
		return Handshake{}, problem.UpgradeRequired
	}
	if !isNonce(key) {
		return Handshake{},
			problem.InvalidHandshake.Because("Sec-WebSocket-Key must be 16 bytes in base64")
	}
	if hasOrigin && !s.allowsOrigin(origin) {
		return Handshake{}, problem.OriginRefused
	}
	h := Handshake{Accept: acceptKey(key)}
	return h, h.choose(head)
}

// choose takes the first of the offered subprotocols that is spoken here (R54).
func (h *Handshake) choose(head Head) *problem.Problem {
	offered := false
	for _, line := range head.Lines("Sec-Websocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			if name = trim(name); name == "" {
				continue
			}
			offered = true
			for codec, known := range subprotocols {
				if name == known {
					h.Codec, h.Protocol = vocab.Codec(codec), known
					return nil
				}
			}
		}
	}
	if offered {
		return problem.UnsupportedSubprotocol
	}
	return nil
}

// allowsOrigin says whether a page of that origin may connect.
func (s *Service) allowsOrigin(origin string) bool {
	for _, allowed := range s.Origins {
		if isWord(origin, allowed) {
			return true
		}
	}
	return len(s.Origins) == 0
}

// isNonce says whether a key is base64 of 16 bytes, padding included. The bits that are left over
// may be anything: they are not zero in the example of the RFC.
func isNonce(key string) bool {
	if len(key) != 24 || key[22:] != "==" {
		return false
	}
	var nonce [18]byte
	n, err := base64.StdEncoding.Decode(nonce[:], []byte(key))
	return n == 16 && err == nil
}

// acceptKey is the answer to a key (RFC 6455 section 4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Append appends the answer that accepts a handshake.
func (h *Handshake) Append(dst []byte, now time.Time) []byte {
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nDate: "...)
	dst = now.UTC().AppendFormat(dst, http.TimeFormat)
	dst = append(dst, "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"...)
	dst = append(dst, "Sec-WebSocket-Accept: "...)
	dst = append(dst, h.Accept...)
	if h.Protocol != "" {
		dst = append(dst, "\r\nSec-WebSocket-Protocol: "...)
		dst = append(dst, h.Protocol...)
	}
	return append(dst, "\r\n\r\n"...)
}
