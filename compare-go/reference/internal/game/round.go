package game

import (
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

// round is one round of a hunt: its players, what they claimed, and what is left of the treasures.
// Its memory grows when a player joins, and with the first key of a player; a move, a resolve or
// the use of a power-up allocates nothing else.
//
// It does not know when the round began or ends, who watches it, or the wire.
type round struct {
	quest   *quest
	players []player
	seats   []seat
	// One bit for each player and treasure, in whole words for each player.
	claims []uint64
	// How many players can still claim each treasure, and of how many treasures something is left.
	remaining []uint32
	open      int
	// A bit for each treasure of which something was claimed since the start, and since the last
	// call of forgetRecent.
	touched, recent []uint64
	board           leaderboard
	// How often a treasure was claimed.
	claimed uint32
}

// seat is what of a player is read seldom.
type seat struct {
	name vocab.Name
	keys *[KeysPerPlayer]keyEntry
}

// keyHash stands for an idempotency key: 128 bits that no client can aim for.
type keyHash [2]uint64

// keyEntry is a key and what it came to; empty where there is no outcome.
type keyEntry struct {
	hash     keyHash
	result   resolution
	treasure uint16
}

// resolution is what a resolve came to, with the player's score and rank after it.
type resolution struct {
	score, rank uint32
	outcome     vocab.ResolveOutcome
	// Whether the points counted twice; only where claimed.
	doubled bool
}

func newRound(q *quest, seed uint64) round {
	treasures := q.doc.Treasures
	words := (len(treasures) + 63) / 64
	bits := make([]uint64, 2*words)
	remaining := make([]uint32, len(treasures))
	for i := range treasures {
		remaining[i] = treasures[i].Supply
	}
	return round{
		quest: q, remaining: remaining, open: len(treasures),
		touched: bits[:words], recent: bits[words:], board: newLeaderboard(seed),
	}
}

// join adds a player who stands at the first waypoint, and returns the player's number.
func (r *round) join(name vocab.Name, t uint32) uint32 {
	doc := r.quest.doc
	r.players = append(r.players, newPlayer(doc.Waypoints[0].At, &doc.Rules, t))
	r.seats = append(r.seats, seat{name: name})
	for range r.touched {
		r.claims = append(r.claims, 0)
	}
	return r.board.join()
}

// move moves a player who looks towards heading then (R29 to R31).
func (r *round) move(number uint32, to vocab.Point, heading float64, t uint32) vocab.MoveOutcome {
	p := &r.players[number]
	if !p.canReach(to, &r.quest.doc.Rules, t) {
		return vocab.MoveTooFast
	}
	p.stand(to, t)
	p.heading = heading
	return vocab.Moved
}

// resolve opens a treasure from a place (R40). key is nil where none was given: the same one again
// gets the same answer again, and changes nothing. Refused: KeyReused.
func (r *round) resolve(
	number uint32, treasure uint16, at vocab.Point, key *keyHash, t uint32,
) (resolution, *problem.Problem) {
	if key != nil {
		if entry := r.remembered(number, key); entry != nil {
			if entry.treasure != treasure {
				return resolution{}, problem.KeyReused
			}
			return entry.result, nil
		}
	}
	result := resolution{outcome: r.openTreasure(number, treasure, at, t)}
	if result.outcome == vocab.Claimed {
		result.doubled = r.players[number].activeMs(vocab.Double, t) > 0
		r.claim(number, treasure, result.doubled)
	}
	place := r.board.standing(number)
	result.score, result.rank = place.score, place.rank
	if key != nil {
		r.remember(number, keyEntry{hash: *key, result: result, treasure: treasure})
	}
	return result, nil
}

// openTreasure looks at the rules R41 to R45 in their order. The player's place changes once it is
// known that it could be reached.
func (r *round) openTreasure(
	number uint32, index uint16, at vocab.Point, t uint32,
) vocab.ResolveOutcome {
	if word, bit := r.claimBit(number, index); *word&bit != 0 {
		return vocab.AlreadyClaimed
	}
	p := &r.players[number]
	if !p.canReach(at, &r.quest.doc.Rules, t) {
		return vocab.ResolveTooFast
	}
	p.stand(at, t)
	treasure := &r.quest.doc.Treasures[index]
	radius := treasure.Radius
	if p.activeMs(vocab.Reach, t) > 0 {
		radius *= 1.5
	}
	switch {
	case distanceSquared(treasure.At, at) > float64(radius*radius):
		return vocab.TooFar
	case t < treasure.OpensMs:
		return vocab.NotOpen
	case r.remaining[index] == 0:
		return vocab.Exhausted
	}
	return vocab.Claimed
}

func (r *round) claim(number uint32, index uint16, doubled bool) {
	word, bit := r.claimBit(number, index)
	*word |= bit
	r.claimed++
	r.remaining[index]--
	if r.remaining[index] == 0 {
		r.open--
	}
	r.touched[index/64] |= bit
	r.recent[index/64] |= bit
	loot := r.quest.won(index, doubled)
	p := &r.players[number]
	p.addPoints(loot.Points)
	if loot.PowerUp != vocab.NoPowerUp {
		p.addPowerUp(loot.PowerUp)
	}
	r.board.setScore(number, p.score)
}

// claimBit is where it stands whether a player has claimed a treasure.
func (r *round) claimBit(number uint32, index uint16) (*uint64, uint64) {
	word := int(number)*len(r.touched) + int(index/64)
	return &r.claims[word], 1 << (index % 64)
}

func (r *round) remembered(number uint32, key *keyHash) *keyEntry {
	keys := r.seats[number].keys
	if keys == nil {
		return nil
	}
	for i := range keys {
		if entry := &keys[i]; entry.hash == *key && entry.result.outcome != 0 {
			return entry
		}
	}
	return nil
}

func (r *round) remember(number uint32, entry keyEntry) {
	seat := &r.seats[number]
	if seat.keys == nil {
		seat.keys = new([KeysPerPlayer]keyEntry)
	}
	seat.keys[r.players[number].nextKeyPlace()] = entry
}

// forgetRecent makes what is claimed from now on the recent.
func (r *round) forgetRecent() { clear(r.recent) }
