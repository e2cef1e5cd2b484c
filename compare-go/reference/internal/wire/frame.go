package wire

import "treasurehunt/internal/vocab"

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

	messages [vocab.CodecCount][]byte
}

// Message is the whole WebSocket frame, header included, as it is written to a connection; nil
// where nobody had asked for that codec.
func (f *Frame) Message(codec vocab.Codec) []byte { panic("unwritten") }

// Payload is the message without the header of the WebSocket frame.
func (f *Frame) Payload(codec vocab.Codec) []byte { panic("unwritten") }

// IsBefore says whether the frame was made before full, a frame of the same round: who was sent
// full has no use for it any more.
func (f *Frame) IsBefore(full *Frame) bool {
	return f.Tick < full.Tick || f.Revision < full.Revision
}
