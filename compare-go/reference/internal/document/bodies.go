package document

import (
	"math"

	"treasurehunt/internal/vocab"
)

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

var huntFields = []field{required("quest"), required("capacity"), optional("version")}

// ReadHunt reads the body of `PUT /v1/hunts/{hunt}`.
func ReadHunt(doc []byte) (Hunt, *Fault) {
	r := reader{doc: doc}
	var hunt Hunt
	for o := newObject(huntFields); r.next(&o); {
		switch o.index {
		case 0:
			hunt.Quest = parsed(&r, vocab.ParseID[[]byte])
		case 1:
			hunt.Capacity = r.uint(1, CapacityMax)
		case 2:
			hunt.Version = r.uint(1, math.MaxUint32)
		}
	}
	return hunt, r.end()
}

var playerFields = []field{required("name")}

// ReadPlayer reads the body of `POST /v1/hunts/{hunt}/players`: the name.
func ReadPlayer(doc []byte) (vocab.Name, *Fault) {
	r := reader{doc: doc}
	var name vocab.Name
	for o := newObject(playerFields); r.next(&o); {
		name = parsed(&r, vocab.ParseName)
	}
	return name, r.end()
}

// ReadResolve reads the body of `POST /v1/hunts/{hunt}/resolve`. It allocates only for a text with
// escapes, and for a fault.
func ReadResolve(doc []byte) (Resolve, *Fault) {
	r := reader{doc: doc}
	var resolve Resolve
	readResolve(&r, &resolve)
	return resolve, r.end()
}

var resolveFields = []field{
	required("treasure"), required("x"), required("y"), required("z"), optional("key"),
}

func readResolve(r *reader, resolve *Resolve) {
	for o := newObject(resolveFields); r.next(&o); {
		switch o.index {
		case 0:
			resolve.Treasure = parsed(r, vocab.ParseID[[]byte])
		case 1:
			resolve.At.X = r.float(IsCoordinate)
		case 2:
			resolve.At.Y = r.float(IsCoordinate)
		case 3:
			resolve.At.Z = r.float(IsCoordinate)
		case 4:
			resolve.Key = parsed(r, vocab.ParseKey)
		}
	}
}

// IsCoordinate says whether a number is a coordinate; false for NaN.
func IsCoordinate(value float64) bool { return math.Abs(value) <= CoordinateMax }

// IsHeading says whether a number is a heading, in degrees; false for NaN.
func IsHeading(value float64) bool { return value >= 0 && value < 360 }
