package game

import (
	"fmt"
	"strings"
	"testing"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/racing"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

const nowMs = 1_800_000_000_000

// fixture is a world and the steps of a test in it; a step that is refused fails the test.
type fixture struct {
	testing.TB
	*World
}

// newFixture is an empty world; a limit on quests or hunts that is 0 is taken as 100.
func newFixture(t testing.TB, limits Limits) fixture {
	if limits.QuestsMax == 0 {
		limits.QuestsMax = 100
	}
	if limits.HuntsMax == 0 {
		limits.HuntsMax = 100
	}
	return fixture{t, NewWorld(limits, wire.Append)}
}

func (f fixture) id(text string) vocab.ID {
	f.Helper()
	id, ok := vocab.ParseID(text)
	if !ok {
		f.Fatalf("%q is no id", text)
	}
	return id
}

// treasures is a list of n treasures t0, t1, … at the origin, of 10, 20, … points each, which
// supply players can claim.
func treasures(n, supply int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"id":"t%d","x":0,"y":0,"z":0,"radius":5,"supply":%d,`+
			`"loot":{"item":"i%d","points":%d}}`, i, supply, i, 10*(i+1)))
	}
	return strings.Join(list, ",")
}

func (f fixture) publish(quest, treasures, rules string) wire.Quest {
	f.Helper()
	answer, p := f.PublishQuest(f.id(quest), []byte(`{"name":"Q","waypoints":[`+
		`{"x":0,"y":0,"z":0,"radius":1},{"x":1,"y":0,"z":0,"radius":1}],"treasures":[`+
		treasures+`],"rules":{`+rules+`}}`))
	if p != nil {
		f.Fatalf("%+v", *p)
	}
	return answer
}

func (f fixture) tryStart(at int64, hunt, quest string, version, capacity uint32) (
	wire.Hunt, *problem.Problem,
) {
	body := document.Hunt{Quest: f.id(quest), Version: version, Capacity: capacity}
	return f.StartHunt(at, f.id(hunt), &body)
}

func (f fixture) start(at int64, hunt, quest string) wire.Hunt {
	f.Helper()
	answer, p := f.tryStart(at, hunt, quest, 0, 1000)
	if p != nil {
		f.Fatalf("%+v", *p)
	}
	return answer
}

func (f fixture) join(at int64, hunt string) vocab.PlayerRef {
	f.Helper()
	player, p := f.Join(at, f.id(hunt), "Ada")
	if p != nil {
		f.Fatalf("%+v", *p)
	}
	return player
}

func (f fixture) tryResolve(at int64, hunt string, player vocab.PlayerRef, treasure, key string) (
	wire.Resolved, *problem.Problem,
) {
	body := document.Resolve{Treasure: f.id(treasure)}
	body.Key, _ = vocab.ParseKey([]byte(key))
	return f.Resolve(at, f.id(hunt), player, &body)
}

func (f fixture) resolve(at int64, hunt string, player vocab.PlayerRef, treasure string) wire.Resolved {
	f.Helper()
	answer, p := f.tryResolve(at, hunt, player, treasure, "")
	if p != nil {
		f.Fatalf("%+v", *p)
	}
	return answer
}

func (f fixture) status(at int64, hunt string) wire.Status {
	f.Helper()
	status, p := f.Status(at, f.id(hunt))
	if p != nil {
		f.Fatalf("%+v", *p)
	}
	return status
}

func TestARefusalIsTheFirstOfItsOrder(t *testing.T) {
	f := newFixture(t, Limits{})
	f.publish("q", treasures(2, 1), `"duration_ms":1000`)
	f.start(nowMs, "h", "q")
	ada := f.join(nowMs, "h")
	stale := ada
	stale.StartedMs--
	stranger := ada
	stranger.Player++
	for _, c := range []struct {
		hunt     string
		player   vocab.PlayerRef
		at       int64
		treasure string
		want     *problem.Problem
	}{
		{"x", stale, nowMs + 1000, "none", problem.UnknownHunt},
		{"h", stale, nowMs, "none", problem.SessionStale},
		{"h", stranger, nowMs, "none", problem.SessionStale},
		{"h", ada, nowMs, "none", problem.UnknownTreasure},
		{"h", ada, nowMs + 1000, "none", problem.HuntEnded},
		{"h", stale, nowMs + 1000, "none", problem.SessionStale},
		// Now never goes back.
		{"h", ada, nowMs, "t0", problem.HuntEnded},
	} {
		_, p := f.tryResolve(c.at, c.hunt, c.player, c.treasure, "")
		if p != c.want {
			t.Errorf("%+v: %+v", c, p)
		}
	}
	if _, p := f.Join(nowMs, f.id("h"), "Bo"); p != problem.HuntEnded {
		t.Error(p)
	}
	if _, p := f.Move(nowMs, f.id("h"), ada, &document.Move{}); p != problem.HuntEnded {
		t.Error(p)
	}
	if _, p := f.UsePowerUp(nowMs, f.id("h"), ada, vocab.Boost); p != problem.HuntEnded {
		t.Error(p)
	}
	if _, p := f.Watch(nowMs, f.id("h"), ada, vocab.JSON, nil); p != problem.HuntEnded {
		t.Error(p)
	}
}

func TestTheLastClaimEndsTheRoundForTheNextRequest(t *testing.T) {
	f := newFixture(t, Limits{})
	f.publish("q", treasures(2, 1), "")
	f.start(nowMs, "h", "q")
	ada, bo := f.join(nowMs, "h"), f.join(nowMs, "h")
	if got := f.resolve(nowMs+200, "h", ada, "t1"); got.Score != 20 || got.Rank != 1 ||
		got.Loot == nil || got.Loot.Points != 20 {
		t.Errorf("%+v", got)
	}
	if got := f.resolve(nowMs+200, "h", bo, "t1"); got.Outcome != vocab.Exhausted || got.Rank != 2 {
		t.Errorf("%+v", got)
	}
	f.resolve(nowMs+400, "h", bo, "t0")
	if _, p := f.tryResolve(nowMs+400, "h", bo, "t0", ""); p != problem.HuntEnded {
		t.Error(p)
	}
	status := f.status(nowMs+9000, "h")
	if status.Status != vocab.Ended || status.Tick != 2 || status.RemainingMs != 0 ||
		status.Claims != 2 {
		t.Errorf("%+v", status)
	}
}

func TestRoundsFollowEachOther(t *testing.T) {
	f := newFixture(t, Limits{})
	f.publish("q", treasures(1, 1), "")
	first := f.start(nowMs, "h", "q")
	if !first.Created || first.Round != 1 || first.Version != 1 {
		t.Errorf("%+v", first)
	}
	if again := f.start(nowMs, "h", "q"); again.Created || again.Round != 1 {
		t.Errorf("%+v", again)
	}
	if _, p := f.tryStart(nowMs, "h", "q", 0, 7); p != problem.HuntExists {
		t.Error(p)
	}
	ada := f.join(nowMs, "h")
	f.resolve(nowMs, "h", ada, "t0")
	second := f.start(nowMs, "h", "q")
	if !second.Created || second.Round != 2 {
		t.Errorf("%+v", second)
	}
	// The next round began in the same millisecond: its start is one later, and t is 0 before.
	bo := f.join(nowMs, "h")
	if bo.StartedMs != ada.StartedMs+1 || bo.Player != 0 {
		t.Errorf("%+v after %+v", bo, ada)
	}
	if _, p := f.tryResolve(nowMs, "h", ada, "t0", ""); p != problem.SessionStale {
		t.Error(p)
	}
	if got := f.resolve(nowMs, "h", bo, "t0"); got.Outcome != vocab.Claimed {
		t.Errorf("%+v", got)
	}
	if figures := f.Figures(nowMs); figures != (Figures{
		Quests: 1, HuntsEnded: 1, Players: 1, Claims: 2,
	}) {
		t.Errorf("%+v", figures)
	}
}

func TestVersionsAreKeptWhileTheyArePlayed(t *testing.T) {
	f := newFixture(t, Limits{HuntsMax: 2, EndedKeepMs: 100})
	publish := func(n int) wire.Quest {
		return f.publish("q", treasures(n, 1), `"duration_ms":500`)
	}
	for n := 1; n <= 4; n++ {
		if got := publish(n); int(got.Version) != n || got.Created != (n == 1) {
			t.Errorf("%+v", got)
		}
	}
	if again := publish(4); again.Version != 4 {
		t.Errorf("the same document is version %d", again.Version)
	}
	if older := publish(1); older.Version != 5 {
		t.Errorf("an older document is version %d", older.Version)
	}
	if _, p := f.tryStart(nowMs, "h", "q", 1, 9); p != problem.UnknownQuestVersion {
		t.Error(p)
	}
	if _, p := f.tryStart(nowMs, "h", "q", 2, 9); p != nil {
		t.Error(p)
	}
	for n := 6; n <= 9; n++ {
		publish(n)
	}
	// 6 to 9 are the latest, 2 is played: by a start that changes nothing too.
	for version, want := range map[uint32]*problem.Problem{
		2: nil, 5: problem.UnknownQuestVersion, 10: problem.UnknownQuestVersion,
		6: problem.HuntExists,
	} {
		if _, p := f.tryStart(nowMs+499, "h", "q", version, 9); p != want {
			t.Errorf("version %d: %+v", version, p)
		}
	}
	// It is played for as long as its hunt is not forgotten.
	f.Tick(nowMs+599, 0, 1)
	f.Tick(nowMs+599, 0, 1)
	if _, p := f.tryStart(nowMs+599, "other", "q", 2, 9); p != nil {
		t.Error(p)
	}
	f.Tick(nowMs+2000, 0, 1)
	f.Tick(nowMs+2000, 0, 1)
	if _, p := f.tryStart(nowMs+2000, "h", "q", 2, 9); p != problem.UnknownQuestVersion {
		t.Error(p)
	}
	if _, p := f.tryStart(nowMs, "h", "x", 0, 9); p != problem.UnknownQuest {
		t.Error(p)
	}
}

func TestLimitsAreKept(t *testing.T) {
	f := newFixture(t, Limits{QuestsMax: 1, HuntsMax: 2, EndedKeepMs: 100})
	f.publish("q", treasures(1, 1), `"duration_ms":500`)
	f.publish("q", treasures(2, 1), `"duration_ms":500`)
	if _, p := f.PublishQuest(f.id("r"), []byte(`{`)); !p.Is(problem.InvalidQuest) {
		t.Errorf("an invalid document: %+v", p)
	}
	text := `{"name":"Q","waypoints":[{"x":0,"y":0,"z":0,"radius":1}],"treasures":[` +
		treasures(1, 1) + `]}`
	if _, p := f.PublishQuest(f.id("r"), []byte(text)); p != problem.QuestsFull {
		t.Errorf("one quest too many: %+v", p)
	}
	f.start(nowMs, "a", "q")
	f.start(nowMs, "b", "q")
	if _, p := f.tryStart(nowMs, "c", "q", 0, 1000); p != problem.HuntsFull {
		t.Errorf("one hunt too many: %+v", p)
	}
	if next := f.start(nowMs+500, "a", "q"); next.Round != 2 {
		t.Errorf("%+v", next)
	}
	if _, p := f.tryStart(nowMs+599, "c", "q", 0, 1000); p != problem.HuntsFull {
		t.Errorf("an ended hunt counts: %+v", p)
	}
	f.Tick(nowMs+600, 0, 1)
	if _, p := f.Status(nowMs+600, f.id("b")); p != problem.UnknownHunt {
		t.Errorf("it is forgotten: %+v", p)
	}
	if first := f.start(nowMs+600, "b", "q"); first.Round != 1 {
		t.Errorf("%+v", first)
	}
	full := f.join(nowMs+600, "b")
	if _, p := f.tryStart(nowMs+600, "b", "q", 0, 1000); p != nil || full.Player != 0 {
		t.Errorf("%+v", p)
	}
}

func TestAHuntIsFull(t *testing.T) {
	f := newFixture(t, Limits{})
	f.publish("q", treasures(1, 1), "")
	if _, p := f.tryStart(nowMs, "h", "q", 0, 2); p != nil {
		t.Fatal(p)
	}
	f.join(nowMs, "h")
	f.join(nowMs, "h")
	if _, p := f.Join(nowMs, f.id("h"), "Cy"); p != problem.HuntFull {
		t.Error(p)
	}
}

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
