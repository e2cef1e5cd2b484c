package game

import (
	"testing"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

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
