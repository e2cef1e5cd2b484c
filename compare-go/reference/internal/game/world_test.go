package game

import (
	"fmt"
	"testing"

	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

func TestKeysAreRememberedWithTheirOutcomes(t *testing.T) {
	f := newFixture(t, Limits{})
	f.publish("q", treasures(2, 9), "")
	f.start(nowMs, "h", "q")
	ada, bo := f.join(nowMs, "h"), f.join(nowMs, "h")
	resolve := func(player vocab.PlayerRef, treasure, key string) wire.Resolved {
		t.Helper()
		answer, p := f.tryResolve(nowMs, "h", player, treasure, key)
		if p != nil {
			t.Fatalf("%+v", *p)
		}
		return answer
	}
	first := resolve(ada, "t0", "k0")
	f.resolve(nowMs, "h", bo, "t0")
	f.resolve(nowMs, "h", bo, "t1")
	if again := resolve(ada, "t0", "k0"); again != first || again.Rank != 1 {
		t.Errorf("%+v, not %+v", again, first)
	}
	if _, p := f.tryResolve(nowMs, "h", ada, "t1", "k0"); p != problem.KeyReused {
		t.Error(p)
	}
	if other := resolve(bo, "t0", "k0"); other.Outcome != vocab.AlreadyClaimed {
		t.Errorf("keys of others: %+v", other)
	}
	// Eight keys are remembered; to ask for one makes it no younger.
	for i := 1; i < KeysPerPlayer; i++ {
		resolve(ada, "t0", fmt.Sprint("k", i))
	}
	if again := resolve(ada, "t0", "k0"); again != first {
		t.Errorf("the eighth-last key: %+v", again)
	}
	resolve(ada, "t0", "k8")
	if now := resolve(ada, "t1", "k0"); now.Outcome != vocab.Claimed {
		t.Errorf("the ninth-last key: %+v", now)
	}
}

func TestLootWrapsOverHuntsAndTreasures(t *testing.T) {
	f := newFixture(t, Limits{HuntsMax: 2, EndedKeepMs: 100})
	if table := f.Loot(nowMs, 7, nil); table.Hunt.Len() != 0 || len(table.Rows) != 0 {
		t.Errorf("%+v", table)
	}
	f.publish("q", treasures(10, 3), `"duration_ms":500`)
	f.publish("r", treasures(2, 1), "")
	f.start(nowMs, "a", "q")
	f.start(nowMs, "b", "r")
	f.resolve(nowMs, "a", f.join(nowMs, "a"), "t9")
	table := f.Loot(nowMs, 16, make([]wire.LootRow, 0, 8))
	if table.Hunt != f.id("a") || len(table.Rows) != LootRowsMax {
		t.Fatalf("%+v", table)
	}
	want := wire.LootRow{Treasure: f.id("t9"), Item: f.id("i9"), Points: 100, Remaining: 2}
	if table.Rows[0].Treasure != f.id("t8") || table.Rows[1] != want ||
		table.Rows[2].Treasure != f.id("t0") {
		t.Errorf("%+v", table)
	}
	if table := f.Loot(nowMs, 1<<32-1, nil); table.Hunt != f.id("b") || len(table.Rows) != 2 ||
		table.Rows[0].Treasure != f.id("t1") {
		t.Errorf("%+v", table)
	}
	f.Tick(nowMs+600, 0, 1)
	f.Tick(nowMs+600, 0, 1)
	if table := f.Loot(nowMs+600, 0, nil); table.Hunt != f.id("b") {
		t.Errorf("%+v", table)
	}
}

func TestALeaderboardIsAWindow(t *testing.T) {
	f := newFixture(t, Limits{})
	f.publish("q", treasures(3, 9), "")
	f.start(nowMs, "h", "q")
	for range 5 {
		f.join(nowMs, "h")
	}
	players := []vocab.PlayerRef{{Player: 3, StartedMs: nowMs}, {Player: 1, StartedMs: nowMs}}
	f.resolve(nowMs, "h", players[0], "t2")
	f.resolve(nowMs, "h", players[1], "t2")
	board, p := f.Leaderboard(nowMs, f.id("h"), 3, nil)
	if p != nil || board.Players != 5 || len(board.Rows) != 3 || board.Rows[0].Player != 3 ||
		board.Rows[1].Player != 1 || board.Rows[2] != (wire.BoardRow{Rank: 3, Name: "Ada"}) {
		t.Errorf("%+v, %+v", board, p)
	}
	around, p := f.LeaderboardAround(nowMs, f.id("h"), 4, 2, board.Rows[:0])
	if p != nil || len(around.Rows) != 2 || around.Rows[1].Player != 4 ||
		around.Rows[1].Rank != 5 {
		t.Errorf("%+v, %+v", around, p)
	}
	if _, p := f.LeaderboardAround(nowMs, f.id("h"), 5, 2, nil); p != problem.UnknownPlayer {
		t.Error(p)
	}
	if _, p := f.Leaderboard(nowMs, f.id("x"), 2, nil); p != problem.UnknownHunt {
		t.Error(p)
	}
}
