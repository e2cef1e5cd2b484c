package wire

import (
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

// Encoder says how JSON is written. Both ways give the same bytes; protobuf is written in one.
//
// What Append gains, on an AMD EPYC, by `go test ./internal/wire -bench 'Resolved|Status|Frame'`:
// a resolve takes 19 ns and no allocation, not 359 ns and 4; a status 36 ns, not 419; a frame of
// eight waypoints 1.8 us and 2 allocations, not 5.6 us and 19.
type Encoder uint8

const (
	// Append writes each answer by a function of its own, without an allocation: the tuned server.
	Append Encoder = iota
	// Reflect writes through encoding/json, as a server would that was not tuned. The answers are
	// copied for it, so that only they, and no caller's value, end up on the heap.
	Reflect
)

// Quest appends the answer to a publication.
func (e Encoder) Quest(dst []byte, a *Quest) []byte {
	if e == Reflect {
		return reflected(dst, *a)
	}
	return appendQuest(dst, a)
}

// Hunt appends the answer to a start.
func (e Encoder) Hunt(dst []byte, a *Hunt) []byte {
	if e == Reflect {
		return reflected(dst, *a)
	}
	return appendHunt(dst, a)
}

// Joined appends the answer to a player who joins.
func (e Encoder) Joined(dst []byte, a *Joined) []byte {
	if e == Reflect {
		return reflected(dst, joinedForm{a.Player, string(a.Session)})
	}
	return appendJoined(dst, a)
}

// Resolved appends the answer to a resolve.
func (e Encoder) Resolved(dst []byte, a *Resolved) []byte {
	if e == Reflect {
		return reflected(dst, *a)
	}
	return append(appendResolved(append(dst, '{'), a), '}')
}

// Status appends the status of a hunt.
func (e Encoder) Status(dst []byte, a *Status) []byte {
	if e == Reflect {
		return reflected(dst, *a)
	}
	return appendStatus(dst, a)
}

// Leaderboard appends a part of a leaderboard.
func (e Encoder) Leaderboard(dst []byte, a *Leaderboard) []byte {
	if e == Reflect {
		return reflected(dst, leaderboardForm(a))
	}
	return appendLeaderboard(dst, a)
}

// LootTable appends a loot table.
func (e Encoder) LootTable(dst []byte, a *LootTable) []byte {
	if e == Reflect {
		return reflected(dst, lootTableForm(a))
	}
	return appendLootTable(dst, a)
}

// Problem appends a problem document.
func (e Encoder) Problem(dst []byte, p *problem.Problem) []byte {
	if e == Reflect {
		return reflected(dst, problemFormOf(p))
	}
	return append(appendProblem(append(dst, '{'), p), '}')
}

// MovedMessage appends the answer to the message seq, a move.
func (e Encoder) MovedMessage(dst []byte, codec vocab.Codec, seq uint32, a *Moved) []byte {
	if codec == vocab.Protobuf {
		return appendMovedProto(dst, seq, a)
	}
	if e == Reflect {
		return reflected(dst, movedMessageForm(seq, a))
	}
	dst = appendMoved(append(appendUint(dst, `{"moved":{"seq":`, seq), ','), a)
	return append(dst, `}}`...)
}

// PowerUpMessage appends the answer to the message seq, the use of a power-up.
func (e Encoder) PowerUpMessage(dst []byte, codec vocab.Codec, seq uint32, a *PowerUpUsed) []byte {
	if codec == vocab.Protobuf {
		return appendPowerUpUsedProto(dst, seq, a)
	}
	if e == Reflect {
		return reflected(dst, powerUpMessageForm(seq, a))
	}
	dst = appendPowerUpUsed(append(appendUint(dst, `{"power_up_used":{"seq":`, seq), ','), a)
	return append(dst, `}}`...)
}

// ResolvedMessage appends the answer to the message seq, a resolve.
func (e Encoder) ResolvedMessage(dst []byte, codec vocab.Codec, seq uint32, a *Resolved) []byte {
	if codec == vocab.Protobuf {
		return appendResolvedProto(dst, seq, a)
	}
	if e == Reflect {
		return reflected(dst, resolvedMessageForm(seq, a))
	}
	dst = appendResolved(append(appendUint(dst, `{"resolved":{"seq":`, seq), ','), a)
	return append(dst, `}}`...)
}

// RefusedMessage appends the refusal of the message seq.
func (e Encoder) RefusedMessage(
	dst []byte, codec vocab.Codec, seq uint32, p *problem.Problem,
) []byte {
	if codec == vocab.Protobuf {
		return appendRefusedProto(dst, seq, p)
	}
	if e == Reflect {
		return reflected(dst, refusedMessageForm(seq, p))
	}
	dst = appendProblem(append(appendUint(dst, `{"refused":{"seq":`, seq), ','), p)
	return append(dst, `}}`...)
}
