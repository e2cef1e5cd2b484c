// Package play is the WebSocket side, the same under both HTTP libraries: it takes a connection
// over once the game has agreed, reads what a player sends, and writes answers and broadcasts
// without letting a slow player hold up anybody (RFC 6455; R54 to R64). Frames are read with
// gobwas/ws. It knows no HTTP.
//
// A connection has one goroutine, which reads. Broadcasts are written where they are made, as far
// as the socket takes them at once; only what it does not take gets a goroutine, for as long as
// that lasts.
package play

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"treasurehunt/internal/config"
	"treasurehunt/internal/game"
	"treasurehunt/internal/metrics"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// Hub is every WebSocket connection of a server, and what makes its broadcasts.
type Hub struct {
	world    *game.World
	encoder  wire.Encoder
	limits   *config.Limits
	counters *metrics.Counters
	// Whether broadcasts are written where they are made, and reads wait without a buffer.
	inline, pooled bool

	mu      sync.Mutex
	players map[*Player]struct{}
}

// NewHub returns a hub without connections.
func NewHub(
	world *game.World, encoder wire.Encoder, limits *config.Limits, tuning config.Tuning,
	counters *metrics.Counters,
) *Hub {
	return &Hub{
		world: world, encoder: encoder, limits: limits, counters: counters,
		inline:  tuning.Has(config.TuneInline),
		pooled:  tuning.Has(config.TunePool),
		players: make(map[*Player]struct{}),
	}
}

// tickEvery is how often the world is asked what is due: a frame is at most so late.
const tickEvery = 5 * time.Millisecond

// RunTicks makes the broadcasts of the world, in as many goroutines as there are cores, until ctx
// ends.
func (h *Hub) RunTicks(ctx context.Context) {
	parts := runtime.GOMAXPROCS(0)
	var running sync.WaitGroup
	for part := range parts {
		running.Go(func() { h.tick(ctx, part, parts) })
	}
	running.Wait()
}

func (h *Hub) tick(ctx context.Context, part, parts int) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case due := <-ticker.C:
			now := time.Now()
			if late := now.Sub(due); late > 0 {
				h.counters.TickLateNs.Add(uint64(late))
			}
			h.world.Tick(now.UnixMilli(), part, parts)
		}
	}
}

// Who says who plays over a connection, and how it is counted.
type Who struct {
	Hunt   vocab.ID
	Player vocab.PlayerRef
	Codec  vocab.Codec
	Stripe *metrics.Stripe
}

// Open asks the game whether somebody may watch and play. The player's connection is still to be
// given to it, by [Player.Run], or it is to be dropped with [Player.Abandon].
func (h *Hub) Open(nowMs int64, who Who) (*Player, *problem.Problem) {
	p := &Player{hub: h, who: who}
	p.out.drained.L = &p.out.mu
	watch, refusal := h.world.Watch(nowMs, who.Hunt, who.Player, who.Codec, p)
	if refusal != nil {
		return nil, refusal
	}
	p.watch = watch
	h.mu.Lock()
	h.players[p] = struct{}{}
	h.mu.Unlock()
	return p, nil
}

func (h *Hub) remove(p *Player) {
	h.mu.Lock()
	delete(h.players, p)
	h.mu.Unlock()
}

// Open connections.
func (h *Hub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.players)
}

// Drain tells every player that the server is going away, one after the other over a time, and
// returns when all are gone or ctx ends.
func (h *Hub) Drain(ctx context.Context, over time.Duration) {
	h.mu.Lock()
	players := make([]*Player, 0, len(h.players))
	for p := range h.players {
		players = append(players, p)
	}
	h.mu.Unlock()
	began := time.Now()
	for i, p := range players {
		due := began.Add(over * time.Duration(i+1) / time.Duration(len(players)))
		if !sleep(ctx, time.Until(due)) {
			return
		}
		p.beginClose(ws.StatusGoingAway, "server is going away")
	}
	for h.count() > 0 && sleep(ctx, tickEvery) {
		continue
	}
}

// sleep is false where ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
