package wire

import (
	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

// ReadMessage reads a message of a player into m, which it clears first. m.Seq is good after a
// refusal too, for its answer (R56). Nothing in m refers to payload.
func ReadMessage(codec vocab.Codec, payload []byte, m *document.Message) *problem.Problem {
	panic("unwritten")
}
