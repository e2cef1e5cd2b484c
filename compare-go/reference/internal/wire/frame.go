package wire

import (
	"encoding/binary"
	"math/bits"

	"treasurehunt/internal/document"
	"treasurehunt/internal/vocab"
)

// Frame is the broadcast of one hunt and tick, encoded once for each codec that is read (R58). Its
// bytes are shared by all who watch, and not changed.
type Frame struct {
	// Tick is the tick.
	Tick uint32
	// Revision counts the changes of the round that the frame knows of.
	Revision uint32
	// Ended says that the round is over: the connection closes after the frame with 1000 and the
	// reason `hunt ended` (R64).
	Ended bool

	messages [vocab.CodecCount]message
}

// A whole WebSocket frame; its payload begins after the header.
type message struct {
	bytes  []byte
	header int
}

// Message is the whole WebSocket frame, header included, as it is written to a connection; nil
// where nobody had asked for that codec.
func (f *Frame) Message(codec vocab.Codec) []byte { return f.messages[codec].bytes }

// Payload is the message without the header of the WebSocket frame.
func (f *Frame) Payload(codec vocab.Codec) []byte {
	m := &f.messages[codec]
	return m.bytes[m.header:]
}

// IsBefore says whether the frame was made before full, a frame of the same round: who was sent
// full has no use for it any more.
func (f *Frame) IsBefore(full *Frame) bool {
	return f.Tick < full.Tick || f.Revision < full.Revision
}

// Scene is what a frame says: a pure function of a hunt's state and the tick.
type Scene struct {
	Tick        uint32
	Revision    uint32
	Full        bool
	State       vocab.HuntState
	RemainingMs uint32
	// Waypoints are all of the quest; of them InPlay are in play, from FirstInPlay on, wrapping at
	// the end.
	Waypoints   []document.Waypoint
	FirstInPlay int
	InPlay      int
	// Treasures are all of the quest, and Remaining how many players can still open each.
	Treasures []document.Treasure
	Remaining []uint32
	// Changed has a bit for each treasure that is named.
	Changed []uint64
	// Leaders are the first of the leaderboard.
	Leaders []BoardRow
}

// Frame encodes a scene for the codecs that are wanted. Besides the growth of scratch, which is
// returned for the next time, it allocates the frame and its bytes. Linear in what the frame names.
func (e Encoder) Frame(
	s *Scene, wanted [vocab.CodecCount]bool, scratch []byte,
) (*Frame, []byte) {
	frame := &Frame{Tick: s.Tick, Revision: s.Revision, Ended: s.State == vocab.Ended}
	if wanted[vocab.JSON] {
		if e == Reflect {
			scratch = reflected(scratch[:0], frameMessageForm(s))
		} else {
			scratch = appendFrame(scratch[:0], s)
		}
		frame.messages[vocab.JSON] = newMessage(opcodeText, scratch)
	}
	if wanted[vocab.Protobuf] {
		scratch = appendFrameProto(scratch[:0], s)
		frame.messages[vocab.Protobuf] = newMessage(opcodeBinary, scratch)
	}
	return frame, scratch
}

// The first byte of a frame that is a whole message (RFC 6455 section 5.2).
const (
	opcodeText   = 0x81
	opcodeBinary = 0x82
)

// newMessage copies a payload behind its header, into memory of the exact size.
func newMessage(first byte, payload []byte) message {
	var header [10]byte
	header[0] = first
	size := 2
	switch n := len(payload); {
	case n <= 125:
		header[1] = byte(n)
	case n <= 0xffff:
		header[1] = 126
		binary.BigEndian.PutUint16(header[2:], uint16(n))
		size = 4
	default:
		header[1] = 127
		binary.BigEndian.PutUint64(header[2:], uint64(n))
		size = 10
	}
	bytes := make([]byte, size+len(payload))
	copy(bytes, header[:size])
	copy(bytes[size:], payload)
	return message{bytes, size}
}

// waypointsInPlay yields the waypoints in play with their indices.
func (s *Scene) waypointsInPlay(yield func(uint32, *document.Waypoint) bool) {
	for i := range s.InPlay {
		index := (s.FirstInPlay + i) % len(s.Waypoints)
		if !yield(uint32(index), &s.Waypoints[index]) {
			return
		}
	}
}

// changed yields the treasures that are named, with what remains of them.
func (s *Scene) changed(yield func(*document.Treasure, uint32) bool) {
	for place, word := range s.Changed {
		for ; word != 0; word &= word - 1 {
			index := place*64 + bits.TrailingZeros64(word)
			if !yield(&s.Treasures[index], s.Remaining[index]) {
				return
			}
		}
	}
}

// appendFrame appends a frame as JSON.
func appendFrame(dst []byte, s *Scene) []byte {
	dst = appendUint(dst, `{"frame":{"tick":`, s.Tick)
	if s.Full {
		dst = append(dst, `,"full":true`...)
	} else {
		dst = append(dst, `,"full":false`...)
	}
	dst = appendWord(dst, `,"status":`, s.State.String())
	dst = appendUint(dst, `,"remaining_ms":`, s.RemainingMs)
	dst = append(dst, `,"waypoints":[`...)
	comma := 0
	for index, w := range s.waypointsInPlay {
		dst = appendComma(dst, comma)
		comma++
		dst = appendUint(dst, `{"index":`, index)
		dst = appendFloat(dst, `,"x":`, w.At.X)
		dst = appendFloat(dst, `,"y":`, w.At.Y)
		dst = appendFloat(dst, `,"z":`, w.At.Z)
		dst = appendFloat(dst, `,"radius":`, w.Radius)
		dst = append(dst, '}')
	}
	dst = append(dst, `],"changed":[`...)
	comma = 0
	for treasure, remaining := range s.changed {
		dst = appendComma(dst, comma)
		comma++
		dst = appendID(dst, `{"treasure":`, treasure.ID)
		dst = appendUint(dst, `,"remaining":`, remaining)
		dst = append(dst, '}')
	}
	dst = append(dst, `],"leaders":[`...)
	for i := range s.Leaders {
		leader := &s.Leaders[i]
		dst = appendComma(dst, i)
		dst = appendUint(dst, `{"player":`, leader.Player)
		dst = appendText(dst, `,"name":`, string(leader.Name))
		dst = appendUint(dst, `,"score":`, leader.Score)
		dst = append(dst, '}')
	}
	return append(dst, `]}}`...)
}
