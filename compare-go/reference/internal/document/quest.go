package document

import "treasurehunt/internal/vocab"

// Bounds of a quest.
const (
	CoordinateMax = 1_000_000.0
	RadiusMax     = 10_000.0
	WaypointsMax  = 10_000
	TreasuresMax  = 1_024
	dayMs         = 86_400_000
)

// Quest is a quest as its author wrote it, checked. It is not changed after it was read.
type Quest struct {
	Name vocab.Name
	// Waypoints are 1 to [WaypointsMax], in the order of the document.
	Waypoints []Waypoint
	// Treasures are 1 to [TreasuresMax], in the order of the document, no two of one id.
	Treasures []Treasure
	Rules     Rules
	// ByID has the index of each treasure.
	ByID map[vocab.ID]uint16
}

// Waypoint is a place to pass.
type Waypoint struct {
	At vocab.Point
	// Radius: 0 < radius ≤ [RadiusMax].
	Radius float64
}

// Treasure is a treasure as its author placed it.
type Treasure struct {
	ID vocab.ID
	At vocab.Point
	// Radius: 0 < radius ≤ [RadiusMax].
	Radius float64
	// OpensMs is from when on it can be opened, in milliseconds from the start of the round.
	OpensMs uint32
	// Supply is how many players can open it: 1 to 1,000,000.
	Supply uint32
	Loot   Loot
}

// Loot is what a treasure holds.
type Loot struct {
	Item vocab.ID
	// Points: 1 to 1,000,000.
	Points  uint32
	PowerUp vocab.PowerUp
}

// Rules are the rules of a quest; R5 has their ranges.
type Rules struct {
	DurationMs      uint32
	SpeedMax        float64
	EnergyMax       uint32
	EnergyPerS      uint32
	PowerUpEnergy   uint32
	PowerUpMs       uint32
	StartPowerUps   [vocab.PowerUpCount]uint8
	WaypointsInPlay uint32
	WaypointMs      uint32
}
