package game

import (
	"math/rand/v2"
	"sync"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// hunt is one round after the other of a quest, in its time, before its watchers. It turns times
// into milliseconds of the round and decides what a session may still do; the rules of playing are
// the round's.
type hunt struct {
	id    vocab.ID
	world *World
	shard *shard
	room  room

	// Guarded by the schedule's lock.
	dueMs    int64
	duePlace int

	// Guards what follows, for the time of one call.
	mu sync.Mutex
	// Set when the hunt is taken out of the world: whoever has found it before finds it so.
	forgotten bool
	// The latest time that requests and ticks have had.
	nowMs    int64
	quest    *quest
	capacity uint32
	// Counts the rounds, from 1.
	number    uint32
	startedMs int64
	// The t at which the round ends, or has ended: after its duration, or at the last claim of all.
	// Whether it is over is a question of the time alone.
	endsMs         uint32
	round          round
	lastTick       uint32
	lastFrameMade  bool
	revision       uint32
	fullFrames     [vocab.CodecCount]*wire.Frame
	leadersScratch [Leaders]wire.BoardRow
}

// enter locks the hunt, unless it is forgotten.
func (h *hunt) enter() *problem.Problem {
	h.mu.Lock()
	if h.forgotten {
		h.mu.Unlock()
		return problem.UnknownHunt
	}
	return nil
}

// advance is now for this hunt: it never goes back, though callers read their clocks before they
// wait for the lock.
func (h *hunt) advance(nowMs int64) int64 {
	h.nowMs = max(h.nowMs, nowMs)
	return h.nowMs
}

// begin begins a round of q, which is held for it. The quest of the round before is returned.
func (h *hunt) begin(nowMs int64, q *quest, capacity uint32) (before *quest) {
	before = h.quest
	lastMs := h.startedMs
	h.startedMs = nowMs
	if h.number > 0 {
		// No two rounds of a hunt have the same start.
		h.startedMs = max(nowMs, lastMs+1)
	}
	h.number++
	h.quest, h.capacity = q, capacity
	h.endsMs = q.doc.Rules.DurationMs
	h.round = newRound(q, rand.Uint64())
	h.lastTick, h.lastFrameMade = 0, false
	h.revision, h.fullFrames = 0, [vocab.CodecCount]*wire.Frame{}
	h.schedule()
	return before
}

// started is the answer to who started it, or found it running.
func (h *hunt) started(created bool) wire.Hunt {
	return wire.Hunt{
		Hunt: h.id, Quest: h.quest.id, Version: h.quest.version, Capacity: h.capacity,
		Round: h.number, Created: created,
	}
}

func (h *hunt) join(nowMs int64, name vocab.Name) (vocab.PlayerRef, *problem.Problem) {
	t, p := h.running(h.advance(nowMs))
	if p != nil {
		return vocab.PlayerRef{}, p
	}
	if h.round.board.len() >= h.capacity {
		return vocab.PlayerRef{}, problem.HuntFull
	}
	h.revision++
	return vocab.PlayerRef{Player: h.round.join(name, t), StartedMs: h.startedMs}, nil
}

func (h *hunt) resolve(
	nowMs int64, player vocab.PlayerRef, body *document.Resolve,
) (wire.Resolved, *problem.Problem) {
	t, p := h.playing(player, h.advance(nowMs))
	if p != nil {
		return wire.Resolved{}, p
	}
	treasure, ok := h.quest.doc.ByID[body.Treasure]
	if !ok {
		return wire.Resolved{}, problem.UnknownTreasure
	}
	var key *keyHash
	if !body.Key.IsZero() {
		hash := h.world.hashKey(&body.Key)
		key = &hash
	}
	claimed := h.round.claimed
	result, p := h.round.resolve(player.Player, treasure, body.At, key, t)
	if p != nil {
		return wire.Resolved{}, p
	}
	if h.round.claimed != claimed {
		h.revision++
		if h.round.open == 0 {
			h.endsMs = t
			h.schedule()
		}
	}
	answer := wire.Resolved{Outcome: result.outcome, Score: result.score, Rank: result.rank}
	if result.outcome == vocab.Claimed {
		answer.Loot = h.quest.won(treasure, result.doubled)
	}
	return answer, nil
}

func (h *hunt) move(
	nowMs int64, player vocab.PlayerRef, move *document.Move,
) (wire.Moved, *problem.Problem) {
	t, p := h.playing(player, h.advance(nowMs))
	if p != nil {
		return wire.Moved{}, p
	}
	outcome := h.round.move(player.Player, move.To, move.Heading, t)
	state := &h.round.players[player.Player]
	energy := state.energy(&h.quest.doc.Rules, t)
	return wire.Moved{Outcome: outcome, At: state.at, Energy: energy}, nil
}

func (h *hunt) usePowerUp(
	nowMs int64, player vocab.PlayerRef, powerUp vocab.PowerUp,
) (wire.PowerUpUsed, *problem.Problem) {
	t, p := h.playing(player, h.advance(nowMs))
	if p != nil {
		return wire.PowerUpUsed{}, p
	}
	rules := &h.quest.doc.Rules
	state := &h.round.players[player.Player]
	outcome := state.usePowerUp(powerUp, rules, t)
	return wire.PowerUpUsed{
		Outcome: outcome, PowerUp: powerUp, ActiveMs: state.activeMs(powerUp, t),
		Energy: state.energy(rules, t),
	}, nil
}

func (h *hunt) status(nowMs int64) wire.Status {
	state, t := h.time(h.advance(nowMs))
	return wire.Status{
		Hunt: h.id, Quest: h.quest.id, Version: h.quest.version, Round: h.number, Status: state,
		Tick: t / BroadcastMs, RemainingMs: h.remainingMs(state, t),
		Players: h.round.board.len(), Capacity: h.capacity, Watchers: h.room.count(),
		Claims: h.round.claimed,
	}
}

// leaderboard appends limit rows from the one with first others in front of it on.
func (h *hunt) leaderboard(first, limit uint32, rows []wire.BoardRow) []wire.BoardRow {
	if limit == 0 {
		return rows
	}
	for place := range h.round.board.from(first) {
		rows = append(rows, wire.BoardRow{
			Rank: place.rank, Player: place.player, Name: h.round.seats[place.player].name,
			Score: place.score,
		})
		if limit--; limit == 0 {
			break
		}
	}
	return rows
}

// loot appends the rows of a loot table, from the treasure first, wrapping, on.
func (h *hunt) loot(first uint32, rows []wire.LootRow) []wire.LootRow {
	treasures := h.quest.doc.Treasures
	index := int(first % uint32(len(treasures)))
	for range min(len(treasures), LootRowsMax) {
		treasure := &treasures[index]
		rows = append(rows, wire.LootRow{
			Treasure: treasure.ID, Item: treasure.Loot.Item, Points: treasure.Loot.Points,
			Remaining: h.round.remaining[index],
		})
		if index++; index == len(treasures) {
			index = 0
		}
	}
	return rows
}

// time returns whether the round is over, and t, which stands still when it is.
func (h *hunt) time(nowMs int64) (vocab.HuntState, uint32) {
	if t := max(nowMs-h.startedMs, 0); t < int64(h.endsMs) {
		return vocab.Running, uint32(t)
	}
	return vocab.Ended, h.endsMs
}

func (h *hunt) running(nowMs int64) (uint32, *problem.Problem) {
	state, t := h.time(nowMs)
	if state == vocab.Ended {
		return 0, problem.HuntEnded
	}
	return t, nil
}

func (h *hunt) playing(player vocab.PlayerRef, nowMs int64) (uint32, *problem.Problem) {
	if player.StartedMs != h.startedMs || player.Player >= h.round.board.len() {
		return 0, problem.SessionStale
	}
	return h.running(nowMs)
}

func (h *hunt) endsAtMs() int64 { return h.startedMs + int64(h.endsMs) }

func (h *hunt) remainingMs(state vocab.HuntState, t uint32) uint32 {
	if state == vocab.Ended {
		return 0
	}
	return h.endsMs - t
}
