// Package wire writes what the server says, byte for byte as the rules ask for: answers as JSON
// (R76 to R78), WebSocket messages as JSON or protobuf (R79), and frames; and it reads the protobuf
// messages of players. It knows no rules of the game and no HTTP.
package wire

import "treasurehunt/internal/vocab"

// The tags are for [Reflect]; they stand in the order in which [Append] writes.

// Quest is the answer to a publication (R7).
type Quest struct {
	Quest     vocab.ID `json:"quest"`
	Version   uint32   `json:"version"`
	Waypoints uint32   `json:"waypoints"`
	Treasures uint32   `json:"treasures"`
	// Created says that it is the first version: 201, not 200.
	Created bool `json:"-"`
}

// Hunt is the answer to a start (R12).
type Hunt struct {
	Hunt     vocab.ID `json:"hunt"`
	Quest    vocab.ID `json:"quest"`
	Version  uint32   `json:"version"`
	Capacity uint32   `json:"capacity"`
	Round    uint32   `json:"round"`
	// Created says that a round has begun: 201, not 200.
	Created bool `json:"-"`
}

// Joined is the answer to a player who joins (R24).
type Joined struct {
	Player uint32
	// Session is the token.
	Session []byte
}

// Loot is what was won.
type Loot struct {
	Item    vocab.ID      `json:"item"`
	Points  uint32        `json:"points"`
	PowerUp vocab.PowerUp `json:"power_up"`
}

// Resolved is the answer to a resolve (R38).
type Resolved struct {
	Outcome vocab.ResolveOutcome `json:"outcome"`
	// Loot is nil unless the outcome is claimed. It is shared, and not changed.
	Loot  *Loot  `json:"loot"`
	Score uint32 `json:"score"`
	Rank  uint32 `json:"rank"`
}

// Moved is the answer to a move (R28).
type Moved struct {
	Outcome vocab.MoveOutcome
	At      vocab.Point
	Energy  uint32
}

// PowerUpUsed is the answer to the use of a power-up (R34).
type PowerUpUsed struct {
	Outcome  vocab.PowerUpOutcome
	PowerUp  vocab.PowerUp
	ActiveMs uint32
	Energy   uint32
}

// Status is the status of a hunt (R19).
type Status struct {
	Hunt        vocab.ID        `json:"hunt"`
	Quest       vocab.ID        `json:"quest"`
	Version     uint32          `json:"version"`
	Round       uint32          `json:"round"`
	Status      vocab.HuntState `json:"status"`
	Tick        uint32          `json:"tick"`
	RemainingMs uint32          `json:"remaining_ms"`
	Players     uint32          `json:"players"`
	Capacity    uint32          `json:"capacity"`
	Watchers    uint32          `json:"watchers"`
	Claims      uint32          `json:"claims"`
}

// Leaderboard is a part of a leaderboard (R51).
type Leaderboard struct {
	Hunt    vocab.ID   `json:"hunt"`
	Players uint32     `json:"players"`
	Rows    []BoardRow `json:"rows"`
}

// BoardRow is a row of a leaderboard.
type BoardRow struct {
	Rank   uint32     `json:"rank"`
	Player uint32     `json:"player"`
	Name   vocab.Name `json:"name"`
	Score  uint32     `json:"score"`
}

// LootTable is the loot table that a session sees (R65).
type LootTable struct {
	Session uint32
	// Hunt is zero where there is no hunt.
	Hunt vocab.ID
	Rows []LootRow
}

// LootRow is a row of a loot table.
type LootRow struct {
	Treasure  vocab.ID `json:"treasure"`
	Item      vocab.ID `json:"item"`
	Points    uint32   `json:"points"`
	Remaining uint32   `json:"remaining"`
}
