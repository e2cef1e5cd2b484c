package game

import (
	"math"

	"treasurehunt/internal/document"
	"treasurehunt/internal/vocab"
)

// Constants of moving.
const (
	// moveSlack is the distance that is always allowed: rounding on the client never costs a move.
	moveSlack = 1.0
	// moveRestMsMax is the longest rest that counts towards the next move.
	moveRestMsMax = 60_000
)

// player is the hot state of one player of one round: 64 bytes, one cache line, without a pointer.
// All times are milliseconds since the start of the round.
type player struct {
	at      vocab.Point
	heading float64
	score   uint32
	// The energy at energyMs, in thousandths; only spending writes it.
	energyMilli uint32
	movedMs     uint32
	energyMs    uint32
	// By power-up; the one for none stays 0.
	activeUntilMs [vocab.PowerUpCount - 1]uint32
	powerUps      [vocab.PowerUpCount - 1]uint8
	// Which place of the player's keys is written next.
	keyPlace uint8
}

// newPlayer is a player who joins at t and stands at the place at.
func newPlayer(at vocab.Point, rules *document.Rules, t uint32) player {
	p := player{at: at, energyMilli: rules.EnergyMax * 1000, movedMs: t, energyMs: t}
	copy(p.powerUps[:], rules.StartPowerUps[vocab.Boost:])
	return p
}

// activeMs is for how long a power-up stays in effect; 0 where it is not.
func (p *player) activeMs(powerUp vocab.PowerUp, t uint32) uint32 {
	until := p.activeUntilMs[powerUp-1]
	return until - min(until, t)
}

// energy is in whole units.
func (p *player) energy(rules *document.Rules, t uint32) uint32 {
	return p.energyMilliAt(rules, t) / 1000
}

// canReach says whether a place can have been reached by t (R29).
func (p *player) canReach(to vocab.Point, rules *document.Rules, t uint32) bool {
	speed := rules.SpeedMax
	if p.activeMs(vocab.Boost, t) > 0 {
		speed *= 2
	}
	restMs := min(t-min(t, p.movedMs), moveRestMsMax)
	// Each product is converted by itself: a compiler may fuse it with the sum otherwise.
	reach := float64(float64(speed*float64(restMs))/1000) + moveSlack
	return distanceSquared(p.at, to) <= float64(reach*reach)
}

// stand puts the player at a place from t on.
func (p *player) stand(at vocab.Point, t uint32) {
	p.at, p.movedMs = at, t
}

// addPoints cannot overflow: 1,024 treasures of at most 2,000,000 points, each once.
func (p *player) addPoints(points uint32) { p.score += points }

// addPowerUp adds one of a power-up, of which there are at most 255.
func (p *player) addPowerUp(powerUp vocab.PowerUp) {
	if p.powerUps[powerUp-1] < math.MaxUint8 {
		p.powerUps[powerUp-1]++
	}
}

// usePowerUp uses a power-up at t (R35, R36); anything but Used changes nothing.
func (p *player) usePowerUp(
	powerUp vocab.PowerUp, rules *document.Rules, t uint32,
) vocab.PowerUpOutcome {
	energyMilli, costMilli := p.energyMilliAt(rules, t), rules.PowerUpEnergy*1000
	switch {
	case p.activeMs(powerUp, t) > 0:
		return vocab.Active
	case p.powerUps[powerUp-1] == 0:
		return vocab.NoneLeft
	case energyMilli < costMilli:
		return vocab.NoEnergy
	}
	p.energyMilli, p.energyMs = energyMilli-costMilli, t
	p.powerUps[powerUp-1]--
	p.activeUntilMs[powerUp-1] = t + rules.PowerUpMs
	return vocab.Used
}

// nextKeyPlace is where the next key is written: one place after the other, in a ring.
func (p *player) nextKeyPlace() uint8 {
	place := p.keyPlace
	p.keyPlace = (place + 1) % KeysPerPlayer
	return place
}

// energyMilliAt regains in one step what many would come to, so that only spending writes.
func (p *player) energyMilliAt(rules *document.Rules, t uint32) uint32 {
	gained := uint64(t-min(t, p.energyMs)) * uint64(rules.EnergyPerS)
	return uint32(min(uint64(p.energyMilli)+gained, uint64(rules.EnergyMax*1000)))
}

// distanceSquared is the square of the distance between two places, summed in the order x, y, z.
func distanceSquared(a, b vocab.Point) float64 {
	dx, dy, dz := b.X-a.X, b.Y-a.Y, b.Z-a.Z
	return float64(float64(dx*dx)+float64(dy*dy)) + float64(dz*dz)
}
