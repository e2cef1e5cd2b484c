package document

import "treasurehunt/internal/vocab"

// CapacityMax is the most players of a hunt.
const CapacityMax = 1_000_000

// Hunt is the body of `PUT /v1/hunts/{hunt}`.
type Hunt struct {
	Quest vocab.ID
	// Version is 0 where none is named.
	Version  uint32
	Capacity uint32
}

// Resolve is the body of `POST /v1/hunts/{hunt}/resolve`, and the `resolve` of a message.
type Resolve struct {
	Treasure vocab.ID
	At       vocab.Point
	// Key is zero where none is given.
	Key vocab.Key
}

// Move is the `move` of a message.
type Move struct {
	To vocab.Point
	// Heading is in degrees: 0 ≤ heading < 360.
	Heading float64
}

// ReadHunt reads the body of `PUT /v1/hunts/{hunt}`.
func ReadHunt(doc []byte) (Hunt, *Fault) {
	panic("unwritten")
}

// ReadPlayer reads the body of `POST /v1/hunts/{hunt}/players`: the name.
func ReadPlayer(doc []byte) (vocab.Name, *Fault) {
	panic("unwritten")
}

// ReadResolve reads the body of `POST /v1/hunts/{hunt}/resolve`. It allocates only for a text with
// escapes, and for a fault.
func ReadResolve(doc []byte) (Resolve, *Fault) {
	panic("unwritten")
}
