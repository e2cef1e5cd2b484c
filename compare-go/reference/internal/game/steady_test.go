package game

import (
	"fmt"
	"testing"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/racing"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// steady is a hunt in which players can resolve and move for as long as a benchmark runs.
func steady(t testing.TB) (fixture, []vocab.PlayerRef) {
	f := newFixture(t, Limits{})
	f.publish("q", treasures(1000, 1_000_000), `"duration_ms":86400000`)
	f.start(nowMs, "h", "q")
	var players []vocab.PlayerRef
	for range 1000 {
		players = append(players, f.join(nowMs, "h"))
	}
	return f, players
}

func TestNothingIsAllocatedInTheSteadyState(t *testing.T) {
	if racing.Enabled {
		t.Skip("the race detector allocates")
	}
	f, players := steady(t)
	hunt, move := f.id("h"), &document.Move{Heading: 90}
	rows, lootRows := make([]wire.BoardRow, 0, 10), make([]wire.LootRow, 0, 8)
	body := document.Resolve{}
	body.Key, _ = vocab.ParseKey([]byte("key"))
	if _, p := f.tryResolve(nowMs, "h", players[0], "t0", "other"); p != nil {
		t.Fatal(p)
	}
	treasure := 0
	ids := make([]vocab.ID, 1000)
	for i := range ids {
		ids[i] = f.id(fmt.Sprint("t", i))
	}
	for name, call := range map[string]func() *problem.Problem{
		"resolve": func() *problem.Problem {
			treasure++
			_, p := f.Resolve(nowMs, hunt, players[1], &document.Resolve{Treasure: ids[treasure]})
			return p
		},
		"resolve with a key": func() *problem.Problem {
			body.Treasure = ids[0]
			_, p := f.Resolve(nowMs, hunt, players[0], &body)
			return p
		},
		"move": func() *problem.Problem {
			_, p := f.Move(nowMs, hunt, players[1], move)
			return p
		},
		"power-up": func() *problem.Problem {
			_, p := f.UsePowerUp(nowMs, hunt, players[1], vocab.Boost)
			return p
		},
		"status": func() *problem.Problem {
			_, p := f.Status(nowMs, hunt)
			return p
		},
		"leaderboard": func() *problem.Problem {
			board, p := f.LeaderboardAround(nowMs, hunt, 7, 10, rows[:0])
			rows = board.Rows
			return p
		},
		"loot": func() *problem.Problem {
			lootRows = f.Loot(nowMs, 7, lootRows[:0]).Rows
			return nil
		},
	} {
		var refused *problem.Problem
		allocs := testing.AllocsPerRun(500, func() {
			if p := call(); p != nil {
				refused = p
			}
		})
		if allocs != 0 || refused != nil {
			t.Errorf("%s: %v allocations, %+v", name, allocs, refused)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	f, players := steady(b)
	hunt := f.id("h")
	ids := make([]vocab.ID, 1000)
	for i := range ids {
		ids[i] = f.id(fmt.Sprint("t", i))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		// A million fresh claims, then claims that were made already.
		player, treasure := players[i%1000], ids[i/1000%1000]
		if _, p := f.Resolve(nowMs, hunt, player, &document.Resolve{Treasure: treasure}); p != nil {
			b.Fatal(p)
		}
	}
}

func BenchmarkMove(b *testing.B) {
	f, players := steady(b)
	hunt, move := f.id("h"), &document.Move{Heading: 90}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, p := f.Move(nowMs, hunt, players[i%1000], move); p != nil {
			b.Fatal(p)
		}
	}
}

func BenchmarkStatus(b *testing.B) {
	f, _ := steady(b)
	hunt := f.id("h")
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, p := f.Status(nowMs, hunt); p != nil {
			b.Fatal(p)
		}
	}
}
