package game

import (
	"fmt"
	"sync"
	"testing"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// assembler puts frames together to what is left of the treasures, as a player's client does.
type assembler struct {
	t         *testing.T
	remaining map[string]uint32
	tick      uint32
	ended     bool
}

func (a *assembler) Deliver(frame *wire.Frame) {
	s := show(a.t, frame).Frame
	if s.Full {
		a.remaining = map[string]uint32{}
	}
	if a.ended || a.remaining == nil || s.Tick < a.tick {
		a.t.Errorf("tick %d after tick %d, ended: %v", s.Tick, a.tick, a.ended)
	}
	for _, changed := range s.Changed {
		a.remaining[changed.Treasure] = changed.Remaining
	}
	a.tick, a.ended = s.Tick, s.Status == "ended"
}

// Players, watchers and ticks come at once; every watcher knows at the end of each round
// what is left, and no treasure was claimed more often than it could be.
func TestManyAtOnce(t *testing.T) {
	const rounds, players, count, supply = 15, 8, 20, 3
	f := newFixture(t, Limits{HuntsMax: 1, EndedKeepMs: 1 << 40})
	f.publish("q", treasures(count, supply), `"duration_ms":86400000`)
	var clock sync.Mutex
	now := int64(nowMs)
	tell := func() int64 {
		clock.Lock()
		defer clock.Unlock()
		now += 3
		return now
	}
	stop := make(chan struct{})
	var ticker sync.WaitGroup
	ticker.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				f.Tick(tell(), 0, 1)
				f.Figures(tell())
				f.Loot(tell(), 0, nil)
			}
		}
	})
	hunt := f.id("h")
	for range rounds {
		var claims sync.Map
		var group sync.WaitGroup
		f.start(tell(), "h", "q")
		for range players {
			group.Go(func() { playRound(t, f, hunt, tell, &claims) })
		}
		group.Wait()
		for i := range count {
			if n := claimsOf(&claims, f.id(fmt.Sprint("t", i))); n != supply {
				t.Fatalf("t%d was claimed %d times", i, n)
			}
		}
		if status := f.status(tell(), "h"); status.Status != vocab.Ended {
			t.Fatalf("%+v", status)
		}
	}
	close(stop)
	ticker.Wait()
	if got := f.Figures(tell()); got.Claims != rounds*count*supply || got.Watchers != 0 {
		t.Errorf("%+v", got)
	}
}

// playRound plays until the round is over.
func playRound(t *testing.T, f fixture, hunt vocab.ID, tell func() int64, claims *sync.Map) {
	player, p := f.Join(tell(), hunt, "Ada")
	if p == problem.HuntEnded {
		// The others were faster: nothing is left to claim.
		return
	}
	a := &assembler{t: t}
	watch, p := f.Watch(tell(), hunt, player, vocab.JSON, a)
	if p == problem.HuntEnded {
		return
	}
	for i := 0; ; i++ {
		treasure := f.id(fmt.Sprint("t", i%20))
		got, p := f.Resolve(tell(), hunt, player, &document.Resolve{Treasure: treasure})
		if p == problem.HuntEnded {
			break
		}
		if p != nil {
			t.Errorf("%+v", p)
			return
		}
		if got.Outcome == vocab.Claimed {
			count, _ := claims.LoadOrStore(treasure, new(counter))
			count.(*counter).add()
		}
	}
	for !a.over(watch) {
		f.Status(tell(), hunt)
	}
	watch.Leave()
	for treasure, remaining := range a.remaining {
		if remaining != 0 {
			t.Errorf("%s: %d are left of it", treasure, remaining)
		}
	}
	if len(a.remaining) != 20 {
		t.Errorf("%d treasures were named", len(a.remaining))
	}
}

// over says whether the last frame has come; the room's lock is what Deliver is called under.
func (a *assembler) over(watch *Watch) bool {
	watch.hunt.room.mu.Lock()
	defer watch.hunt.room.mu.Unlock()
	return a.ended
}

type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func claimsOf(claims *sync.Map, treasure vocab.ID) int {
	count, ok := claims.Load(treasure)
	if !ok {
		return 0
	}
	return count.(*counter).n
}
