// Package game is the game: quests and their versions, hunts and their rounds, players, the
// leaderboard, and the frames that watchers are sent.
//
// It reads no clock: every call that needs the time is given it, in milliseconds since 1970. A
// World may be used by any number of goroutines. Each hunt has a lock of its own, held for one
// call; the map that finds hunts is in shards; quests have their own lock. Locks are taken in one
// order: a room's, its hunt's, the schedule's or the directory's.
package game

import (
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
type World struct{}

// NewWorld returns a world without quests and hunts. encoder is how frames are written as JSON.
func NewWorld(limits Limits, encoder wire.Encoder) *World { panic("unwritten") }

// PublishQuest reads a document and makes it the next version of a quest (R7 to R10). The document
// is read outside any lock, and not kept.
func (w *World) PublishQuest(id vocab.ID, doc []byte) (wire.Quest, *problem.Problem) {
	panic("unwritten")
}

// StartHunt starts a hunt, or the next round of one that has ended (R11 to R16).
func (w *World) StartHunt(
	nowMs int64, hunt vocab.ID, body *document.Hunt,
) (wire.Hunt, *problem.Problem) {
	panic("unwritten")
}

// Join adds a player (R24 to R26).
func (w *World) Join(
	nowMs int64, hunt vocab.ID, name vocab.Name,
) (vocab.PlayerRef, *problem.Problem) {
	panic("unwritten")
}

// Resolve opens a treasure (R38 to R48). It allocates only for the first key of a player.
func (w *World) Resolve(
	nowMs int64, hunt vocab.ID, player vocab.PlayerRef, body *document.Resolve,
) (wire.Resolved, *problem.Problem) {
	panic("unwritten")
}

// Move moves a player (R28 to R32).
func (w *World) Move(
	nowMs int64, hunt vocab.ID, player vocab.PlayerRef, move *document.Move,
) (wire.Moved, *problem.Problem) {
	panic("unwritten")
}

// UsePowerUp uses a power-up (R33 to R37).
func (w *World) UsePowerUp(
	nowMs int64, hunt vocab.ID, player vocab.PlayerRef, powerUp vocab.PowerUp,
) (wire.PowerUpUsed, *problem.Problem) {
	panic("unwritten")
}

// Status answers `hunt-status` (R19, R20).
func (w *World) Status(nowMs int64, hunt vocab.ID) (wire.Status, *problem.Problem) {
	panic("unwritten")
}

// Leaderboard returns the first limit rows of a leaderboard (R51). The rows are appended to rows,
// so that the caller can use their memory again.
func (w *World) Leaderboard(
	nowMs int64, hunt vocab.ID, limit uint32, rows []wire.BoardRow,
) (wire.Leaderboard, *problem.Problem) {
	panic("unwritten")
}

// LeaderboardAround returns limit rows of a leaderboard around a player (R52).
func (w *World) LeaderboardAround(
	nowMs int64, hunt vocab.ID, player, limit uint32, rows []wire.BoardRow,
) (wire.Leaderboard, *problem.Problem) {
	panic("unwritten")
}

// Loot returns the loot table that a session sees (R65, R66). The rows are appended to rows.
func (w *World) Loot(nowMs int64, session uint32, rows []wire.LootRow) wire.LootTable {
	panic("unwritten")
}

// Tick makes and delivers the frames that are due in one part of parts of the world, ends hunts and
// forgets them (R23, R57, R64). It is to be called every few milliseconds for each part, by one
// goroutine for one part at a time. Cheap where nothing is due.
func (w *World) Tick(nowMs int64, part, parts int) { panic("unwritten") }

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
func (w *World) Figures(nowMs int64) Figures { panic("unwritten") }
