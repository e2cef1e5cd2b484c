package wire

import (
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

// Encoder says how JSON is written. Both ways give the same bytes.
type Encoder uint8

const (
	// Append writes each answer by a function of its own, without an allocation: the tuned server.
	Append Encoder = iota
	// Reflect writes through encoding/json, as a server would that was not tuned.
	Reflect
)

// Quest appends the answer to a publication.
func (e Encoder) Quest(dst []byte, a *Quest) []byte { panic("unwritten") }

// Hunt appends the answer to a start.
func (e Encoder) Hunt(dst []byte, a *Hunt) []byte { panic("unwritten") }

// Joined appends the answer to a player who joins.
func (e Encoder) Joined(dst []byte, a *Joined) []byte { panic("unwritten") }

// Resolved appends the answer to a resolve.
func (e Encoder) Resolved(dst []byte, a *Resolved) []byte { panic("unwritten") }

// Status appends the status of a hunt.
func (e Encoder) Status(dst []byte, a *Status) []byte { panic("unwritten") }

// Leaderboard appends a part of a leaderboard.
func (e Encoder) Leaderboard(dst []byte, a *Leaderboard) []byte { panic("unwritten") }

// LootTable appends a loot table.
func (e Encoder) LootTable(dst []byte, a *LootTable) []byte { panic("unwritten") }

// Problem appends a problem document.
func (e Encoder) Problem(dst []byte, p *problem.Problem) []byte { panic("unwritten") }

// MovedMessage appends the answer to the message seq, a move.
func (e Encoder) MovedMessage(dst []byte, codec vocab.Codec, seq uint32, a *Moved) []byte {
	panic("unwritten")
}

// PowerUpMessage appends the answer to the message seq, the use of a power-up.
func (e Encoder) PowerUpMessage(dst []byte, codec vocab.Codec, seq uint32, a *PowerUpUsed) []byte {
	panic("unwritten")
}

// ResolvedMessage appends the answer to the message seq, a resolve.
func (e Encoder) ResolvedMessage(dst []byte, codec vocab.Codec, seq uint32, a *Resolved) []byte {
	panic("unwritten")
}

// RefusedMessage appends the refusal of the message seq.
func (e Encoder) RefusedMessage(
	dst []byte, codec vocab.Codec, seq uint32, p *problem.Problem,
) []byte {
	panic("unwritten")
}
