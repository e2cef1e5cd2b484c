package document

import "treasurehunt/internal/vocab"

// ActionKind says which action a message asks for.
type ActionKind uint8

// The actions.
const (
	NoAction ActionKind = iota
	MoveAction
	PowerUpAction
	ResolveAction
)

// Message is what a player sends over a WebSocket connection. Of the three actions, only the one
// that Kind names was read.
type Message struct {
	// Seq is the client's number; 0 where it was not read before a fault.
	Seq     uint32
	Kind    ActionKind
	Move    Move
	PowerUp vocab.PowerUp
	Resolve Resolve
}

// ReadMessage reads a message of `hunt.v1+json` into m, which it clears first. m.Seq is good after
// a fault too. It allocates only for a text with escapes, and for a fault.
func ReadMessage(doc []byte, m *Message) *Fault {
	panic("unwritten")
}
