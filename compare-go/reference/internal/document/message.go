package document

import (
	"math"

	"treasurehunt/internal/vocab"
)

// ActionKind says which action a message asks for.
type ActionKind uint8

// The actions.
const (
	NoAction ActionKind = iota
	MoveAction
	PowerUpAction
	ResolveAction
)

// Move is the `move` of a message.
type Move struct {
	To vocab.Point
	// Heading is in degrees: 0 ≤ heading < 360.
	Heading float64
}

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

var messageFields = []field{
	required("seq"), optional("move"), optional("use_power_up"), optional("resolve"),
}

// ReadMessage reads a message of `hunt.v1+json` into m, which it clears first. m.Seq is good after
// a fault too. It allocates only for a text with escapes, and for a fault.
func ReadMessage(doc []byte, m *Message) *Fault {
	*m = Message{}
	r := reader{doc: doc}
	for o := newObject(messageFields); r.next(&o); {
		if o.index == 0 {
			m.Seq = r.uint(0, math.MaxUint32)
			continue
		}
		if m.Kind != NoAction {
			r.refuseKey(UnknownField)
			break
		}
		switch o.index {
		case 1:
			m.Kind = MoveAction
			readMove(&r, &m.Move)
		case 2:
			m.Kind = PowerUpAction
			m.PowerUp = readPowerUp(&r)
		case 3:
			m.Kind = ResolveAction
			readResolve(&r, &m.Resolve)
		}
	}
	if m.Kind == NoAction {
		r.missing("move")
	}
	return r.end()
}

var moveFields = []field{required("x"), required("y"), required("z"), optional("heading")}

func readMove(r *reader, move *Move) {
	for o := newObject(moveFields); r.next(&o); {
		switch o.index {
		case 0:
			move.To.X = r.float(IsCoordinate)
		case 1:
			move.To.Y = r.float(IsCoordinate)
		case 2:
			move.To.Z = r.float(IsCoordinate)
		case 3:
			move.Heading = r.float(IsHeading)
		}
	}
}

var powerUpFields = []field{required("power_up")}

func readPowerUp(r *reader) (powerUp vocab.PowerUp) {
	for o := newObject(powerUpFields); r.next(&o); {
		powerUp = parsed(r, vocab.ParsePowerUp)
	}
	return powerUp
}
