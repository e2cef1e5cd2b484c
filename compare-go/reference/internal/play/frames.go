package play

import (
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// appendFrame appends a frame of ours: final, and not masked.
func appendFrame(dst []byte, op ws.OpCode, payload []byte) []byte {
	first := 0x80 | byte(op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, first, byte(n))
	case n <= 0xffff:
		dst = append(dst, first, 126, byte(n>>8), byte(n))
	default:
		dst = append(dst, first, 127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	return append(dst, payload...)
}

// appendClose appends a Close frame; a code of 0 is none.
func appendClose(dst []byte, code ws.StatusCode, reason string) []byte {
	if code == 0 {
		return appendFrame(dst, ws.OpClose, nil)
	}
	var payload [ws.MaxControlFramePayloadSize]byte
	binary.BigEndian.PutUint16(payload[:], uint16(code))
	n := 2 + copy(payload[2:], reason)
	return appendFrame(dst, ws.OpClose, payload[:n])
}

// violation is the close code that answers what a peer did wrong.
type violation ws.StatusCode

func (v violation) Error() string { return "the peer broke the protocol" }

const (
	errProtocol    = violation(ws.StatusProtocolError)
	errUnsupported = violation(ws.StatusUnsupportedData)
	errNotUTF8     = violation(ws.StatusInvalidFramePayloadData)
	errTooBig      = violation(ws.StatusMessageTooBig)
)

// readHeader reads the header of a frame and holds it against the rules, and against the message
// that it may be a part of.
func (in *inbound) readHeader() (ws.Header, error) {
	before := in.consumed
	h, err := ws.ReadHeaderBuffer(in, in.header[:])
	if errors.Is(err, ws.ErrHeaderLengthMSB) {
		return h, errProtocol
	}
	if err != nil {
		return h, err
	}
	state := ws.StateServerSide
	if in.opcode != 0 {
		state = state.Set(ws.StateFragmented)
	}
	// The library takes a length in more bytes than it needs.
	wide := in.consumed-before != ws.HeaderSize(h)
	if wide || ws.CheckHeader(h, state) != nil || h.OpCode == ws.OpClose && h.Length == 1 {
		return h, errProtocol
	}
	return h, nil
}

// readControl reads the payload of a control frame, unmasked. It is good until the next.
func (in *inbound) readControl(h ws.Header) ([]byte, error) {
	payload := in.control[:h.Length]
	if _, err := io.ReadFull(in, payload); err != nil {
		return nil, err
	}
	ws.Cipher(payload, h.Mask, 0)
	return payload, nil
}

// readData reads the payload of a frame of a message: the message, where it is complete with it,
// and its kind; otherwise 0. It is good until the next.
func (in *inbound) readData(h ws.Header, bytesMax int64) ([]byte, ws.OpCode, error) {
	if h.Length > bytesMax-int64(len(in.message)) {
		return nil, 0, errTooBig
	}
	if h.Fin && in.opcode == 0 && int64(len(in.unread)) >= h.Length {
		payload := in.take(int(h.Length))
		ws.Cipher(payload, h.Mask, 0)
		if h.OpCode == ws.OpText && !utf8.Valid(payload) {
			return nil, 0, errNotUTF8
		}
		return payload, h.OpCode, nil
	}
	if in.opcode == 0 {
		in.opcode, in.message, in.text = h.OpCode, in.message[:0], text{}
	}
	for read := 0; read < int(h.Length); {
		if len(in.unread) == 0 {
			if err := in.player.fill(); err != nil {
				return nil, 0, err
			}
		}
		piece := in.take(int(h.Length) - read)
		ws.Cipher(piece, h.Mask, read)
		in.message = append(in.message, piece...)
		read += len(piece)
		if in.opcode == ws.OpText {
			if err := in.text.check(in.message, false); err != nil {
				return nil, 0, err
			}
		}
	}
	if !h.Fin {
		return nil, 0, nil
	}
	opcode, message := in.opcode, in.message
	in.opcode, in.message = 0, in.message[:0]
	if opcode == ws.OpText {
		return message, opcode, in.text.check(message, true)
	}
	return message, opcode, nil
}

// closeOf reads the payload of a Close frame: the code with which it is answered, 0 for none.
func closeOf(payload []byte) (ws.StatusCode, error) {
	if len(payload) == 0 {
		return 0, nil
	}
	code, reason := ws.ParseCloseFrameDataUnsafe(payload)
	if !allowedFromPeer(code) {
		return 0, errProtocol
	}
	if !utf8.ValidString(reason) {
		return 0, errNotUTF8
	}
	return code, nil
}

// allowedFromPeer says whether a Close frame may carry a code: what the RFC and the IANA registry
// define for the wire (1012 to 1014 are not known to the library), and what libraries (3000-) and
// applications (4000-) may define for themselves.
func allowedFromPeer(code ws.StatusCode) bool {
	return code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 ||
		code >= 3000 && code <= 4999
}

// text is UTF-8 that is looked at while it arrives.
type text struct {
	// checked bytes from the start are whole characters.
	checked int
}

// check looks at what has come since; whole says that the message is complete.
func (t *text) check(message []byte, whole bool) error {
	rest := message[t.checked:]
	for len(rest) > 0 && utf8.FullRune(rest) {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			return errNotUTF8
		}
		rest = rest[size:]
	}
	t.checked = len(message) - len(rest)
	if whole && len(rest) > 0 {
		return errNotUTF8
	}
	return nil
}
