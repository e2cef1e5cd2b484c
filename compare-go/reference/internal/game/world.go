// Package game is the game: quests and their versions, hunts and their rounds, players, the
// leaderboard, and the frames that watchers are sent.
//
// It reads no clock: every call that needs the time is given it, in milliseconds since 1970. A
// World may be used by any number of goroutines. Each hunt has a lock of its own, held for one
// call; the map that finds hunts is in shards; quests have their own lock. Locks are taken in one
// order: a room's, its hunt's, the schedule's or the directory's.
package game

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// Constants of the rules.
const (
	// BroadcastMs is the time between two ticks of a hunt.
	BroadcastMs = 150
	// LootRowsMax is the most rows of a loot table.
	LootRowsMax = 8
	// Leaders is the most leaders of a frame.
	Leaders = 3
	// KeysPerPlayer is how many idempotency keys are remembered for each player.
	KeysPerPlayer = 8
	// QuestVersionsKept is how many of the latest versions of a quest are kept.
	QuestVersionsKept = 4
)

// Limits are the limits of the server that the game knows.
type Limits struct {
	QuestsMax   int
	HuntsMax    int
	EndedKeepMs int64
}

// World is everything that is played on one server.
type World struct {
	limits    Limits
	encoder   wire.Encoder
	catalogue catalogue
	directory directory
	shards    [shardCount]shard
	// The seeds of keyed hashes: peers choose names and keys, and cannot aim for collisions.
	shardSeed maphash.Seed
	keySeeds  [2]maphash.Seed
	// Claims of rounds that are replaced or forgotten.
	pastClaims atomic.Uint64
}

// shardCount is a power of two, and large enough that the locks of shards, which are only held to
// find a hunt, are seldom waited for.
const shardCount = 64

// shard is the hunts of one part of the world.
type shard struct {
	mu       sync.RWMutex
	hunts    map[vocab.ID]*hunt
	schedule schedule
}

// NewWorld returns a world without quests and hunts. encoder is how frames are written as JSON.
func NewWorld(limits Limits, encoder wire.Encoder) *World {
	w := &World{
		limits: limits, encoder: encoder,
		catalogue: catalogue{
			quests: map[vocab.ID]*versions{}, questsMax: limits.QuestsMax,
		},
		shardSeed: maphash.MakeSeed(),
		keySeeds:  [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
	}
	for i := range w.shards {
		w.shards[i].hunts = map[vocab.ID]*hunt{}
	}
	w.directory.list.Store(new([]*hunt))
	return w
}

// PublishQuest reads a document and makes it the next version of a quest (R7 to R10). The document
// is read outside any lock, and not kept.
func (w *World) PublishQuest(id vocab.ID, doc []byte) (wire.Quest, *problem.Problem) {
	read, fault := document.ReadQuest(doc)
	if fault != nil {
		return wire.Quest{}, problem.InvalidQuest.At(fault)
	}
	return w.catalogue.publish(newQuest(id, doc, read))
}

// Join adds a player (R24 to R26).
func (w *World) Join(
	nowMs int64, hunt vocab.ID, name vocab.Name,
) (vocab.PlayerRef, *problem.Problem) {
	h, p := w.enter(&hunt)
	if p != nil {
		return vocab.PlayerRef{}, p
	}
	defer h.mu.Unlock()
	return h.join(nowMs, name)
}

// Resolve opens a treasure (R38 to R48). It allocates only for the first key of a player.
func (w *World) Resolve(
	nowMs int64, hunt vocab.ID, player vocab.PlayerRef, body *document.Resolve,
) (wire.Resolved, *problem.Problem) {
	h, p := w.enter(&hunt)
	if p != nil {
		return wire.Resolved{}, p
	}
	defer h.mu.Unlock()
	return h.resolve(nowMs, player, body)
}

// Move moves a player (R28 to R32).
func (w *World) Move(
	nowMs int64, hunt vocab.ID, player vocab.PlayerRef, move *document.Move,
) (wire.Moved, *problem.Problem) {
	h, p := w.enter(&hunt)
	if p != nil {
		return wire.Moved{}, p
	}
	defer h.mu.Unlock()
	return h.move(nowMs, player, move)
}

// UsePowerUp uses a power-up (R33 to R37).
func (w *World) UsePowerUp(
	nowMs int64, hunt vocab.ID, player vocab.PlayerRef, powerUp vocab.PowerUp,
) (wire.PowerUpUsed, *problem.Problem) {
	h, p := w.enter(&hunt)
	if p != nil {
		return wire.PowerUpUsed{}, p
	}
	defer h.mu.Unlock()
	return h.usePowerUp(nowMs, player, powerUp)
}

// Status answers `hunt-status` (R19, R20).
func (w *World) Status(nowMs int64, hunt vocab.ID) (wire.Status, *problem.Problem) {
	h, p := w.enter(&hunt)
	if p != nil {
		return wire.Status{}, p
	}
	defer h.mu.Unlock()
	return h.status(nowMs), nil
}

// Leaderboard returns the first limit rows of a leaderboard (R51). The rows are appended to rows,
// so that the caller can use their memory again.
func (w *World) Leaderboard(
	nowMs int64, hunt vocab.ID, limit uint32, rows []wire.BoardRow,
) (wire.Leaderboard, *problem.Problem) {
	h, p := w.enter(&hunt)
	if p != nil {
		return wire.Leaderboard{}, p
	}
	defer h.mu.Unlock()
	h.advance(nowMs)
	rows = h.leaderboard(0, limit, rows)
	return wire.Leaderboard{Hunt: hunt, Players: h.round.board.len(), Rows: rows}, nil
}

// LeaderboardAround returns limit rows of a leaderboard around a player (R52).
func (w *World) LeaderboardAround(
	nowMs int64, hunt vocab.ID, player, limit uint32, rows []wire.BoardRow,
) (wire.Leaderboard, *problem.Problem) {
	h, p := w.enter(&hunt)
	if p != nil {
		return wire.Leaderboard{}, p
	}
	defer h.mu.Unlock()
	h.advance(nowMs)
	board := &h.round.board
	if player >= board.len() {
		return wire.Leaderboard{}, problem.UnknownPlayer
	}
	rows = h.leaderboard(board.window(player, limit), limit, rows)
	return wire.Leaderboard{Hunt: hunt, Players: board.len(), Rows: rows}, nil
}

// Loot returns the loot table that a session sees (R65, R66). The rows are appended to rows.
func (w *World) Loot(nowMs int64, session uint32, rows []wire.LootRow) wire.LootTable {
	table := wire.LootTable{Session: session, Rows: rows}
	hunts := *w.directory.list.Load()
	if len(hunts) == 0 {
		return table
	}
	count := uint32(len(hunts))
	h := hunts[session%count]
	// One that was forgotten since is as good as none.
	if p := h.enter(); p != nil {
		return table
	}
	defer h.mu.Unlock()
	h.advance(nowMs)
	table.Hunt = h.id
	table.Rows = h.loot(session/count, rows)
	return table
}

// Figures are what a world holds, for the metrics.
type Figures struct {
	Quests       int
	HuntsRunning int
	HuntsEnded   int
	Players      int
	Watchers     int
	// Claims counts from the start, in all rounds.
	Claims uint64
}

// Figures counts. Linear in the hunts.
func (w *World) Figures(nowMs int64) Figures {
	f := Figures{Quests: w.catalogue.len(), Claims: w.pastClaims.Load()}
	for _, h := range *w.directory.list.Load() {
		if p := h.enter(); p != nil {
			continue
		}
		if state, _ := h.time(max(nowMs, h.nowMs)); state == vocab.Ended {
			f.HuntsEnded++
		} else {
			f.HuntsRunning++
		}
		f.Players += int(h.round.board.len())
		f.Watchers += int(h.room.count())
		f.Claims += uint64(h.round.claimed)
		h.mu.Unlock()
	}
	return f
}

// find is the hunt of that id, or nil.
func (w *World) find(id *vocab.ID) *hunt {
	shard := w.shard(id)
	shard.mu.RLock()
	defer shard.mu.RUnlock()
	return shard.hunts[*id]
}

// enter finds and locks a hunt; refused: UnknownHunt.
func (w *World) enter(id *vocab.ID) (*hunt, *problem.Problem) {
	h := w.find(id)
	if h == nil {
		return nil, problem.UnknownHunt
	}
	return h, h.enter()
}

func (w *World) shard(id *vocab.ID) *shard {
	return &w.shards[maphash.Bytes(w.shardSeed, id.Bytes())%shardCount]
}

func (w *World) hashKey(key *vocab.Key) keyHash {
	return keyHash{
		maphash.Bytes(w.keySeeds[0], key.Bytes()), maphash.Bytes(w.keySeeds[1], key.Bytes()),
	}
}
