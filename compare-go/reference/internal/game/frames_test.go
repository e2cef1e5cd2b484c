package game

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// shown is what a frame in JSON says, as far as the tests look.
type shown struct {
	Frame struct {
		Tick        uint32
		Full        bool
		Status      string
		RemainingMs uint32 `json:"remaining_ms"`
		Waypoints   []struct{ Index uint32 }
		Changed     []struct {
			Treasure  string
			Remaining uint32
		}
		Leaders []struct{ Player, Score uint32 }
	}
}

func show(t testing.TB, frame *wire.Frame) shown {
	t.Helper()
	var s shown
	if err := json.Unmarshal(frame.Payload(vocab.JSON), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// recorder keeps the frames that it is sent.
type recorder struct {
	mu     sync.Mutex
	frames []*wire.Frame
}

func (r *recorder) Deliver(frame *wire.Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames = append(r.frames, frame)
}

// take is the frames since the last call.
func (r *recorder) take() []*wire.Frame {
	r.mu.Lock()
	defer r.mu.Unlock()
	frames := r.frames
	r.frames = nil
	return frames
}

func (f fixture) watch(at int64, hunt string, player vocab.PlayerRef, codec vocab.Codec) (
	*Watch, *recorder,
) {
	f.Helper()
	r := &recorder{}
	watch, p := f.Watch(at, f.id(hunt), player, codec, r)
	if p != nil {
		f.Fatalf("%+v", *p)
	}
	return watch, r
}

// one fails unless there is one frame, and shows it.
func one(t *testing.T, r *recorder) shown {
	t.Helper()
	frames := r.take()
	if len(frames) != 1 {
		t.Fatalf("%d frames", len(frames))
	}
	return show(t, frames[0])
}

func TestFramesComeWithTheTicks(t *testing.T) {
	f := newFixture(t, Limits{})
	f.publish("q", treasures(2, 2), `"waypoint_ms":200,"waypoints_in_play":1`)
	f.start(nowMs, "h", "q")
	ada := f.join(nowMs, "h")
	f.resolve(nowMs, "h", ada, "t0")
	_, r := f.watch(nowMs+140, "h", ada, vocab.JSON)
	first := one(t, r).Frame
	if !first.Full || first.Tick != 0 || first.RemainingMs != 600_000 ||
		len(first.Changed) != 1 || first.Changed[0].Treasure != "t0" ||
		first.Leaders[0].Score != 10 {
		t.Errorf("%+v", first)
	}
	f.Tick(nowMs+149, 0, 1)
	if frames := r.take(); len(frames) != 0 {
		t.Errorf("%d frames before the tick", len(frames))
	}
	f.Tick(nowMs+150, 0, 1)
	// The full frame has told what changed before.
	if tick := one(t, r).Frame; tick.Full || tick.Tick != 1 || tick.RemainingMs != 599_850 ||
		len(tick.Changed) != 0 || tick.Waypoints[0].Index != 0 {
		t.Errorf("%+v", tick)
	}
	f.resolve(nowMs+200, "h", ada, "t1")
	// Late: only the latest tick is made, as of its time.
	f.Tick(nowMs+500, 0, 1)
	if tick := one(t, r).Frame; tick.Tick != 3 || tick.RemainingMs != 599_550 ||
		len(tick.Changed) != 1 || tick.Changed[0].Remaining != 1 || tick.Waypoints[0].Index != 0 {
		t.Errorf("%+v", tick)
	}
	f.Tick(nowMs+600, 0, 1)
	if tick := one(t, r).Frame; tick.Tick != 4 || len(tick.Changed) != 0 ||
		tick.Waypoints[0].Index != 1 {
		t.Errorf("%+v", tick)
	}
}

func TestAFrameIsEncodedOnceForAllWhoWatch(t *testing.T) {
	f := newFixture(t, Limits{})
	f.publish("q", treasures(2, 2), "")
	f.start(nowMs, "h", "q")
	ada := f.join(nowMs, "h")
	_, one := f.watch(nowMs, "h", ada, vocab.JSON)
	_, two := f.watch(nowMs+149, "h", ada, vocab.JSON)
	_, proto := f.watch(nowMs+149, "h", ada, vocab.Protobuf)
	first, second := one.take()[0], two.take()[0]
	if first != second {
		t.Error("nothing has changed between two full frames")
	}
	if full := proto.take()[0]; full.Message(vocab.Protobuf) == nil {
		t.Error("no protobuf")
	}
	f.Tick(nowMs+150, 0, 1)
	a, b, c := one.take()[0], two.take()[0], proto.take()[0]
	if a != b || b != c || a.Message(vocab.JSON) == nil || a.Message(vocab.Protobuf) == nil {
		t.Error("one frame for all")
	}
}

func TestAFullFrameIsMadeAnewAfterEveryChange(t *testing.T) {
	f := newFixture(t, Limits{})
	f.publish("q", treasures(2, 9), "")
	f.start(nowMs, "h", "q")
	ada := f.join(nowMs, "h")
	watch, _ := f.watch(nowMs, "h", ada, vocab.JSON)
	before := watch.FullFrame(nowMs)
	if again := watch.FullFrame(nowMs + 149); again != before {
		t.Error("nothing has changed")
	}
	f.resolve(nowMs, "h", ada, "t0")
	claimed := watch.FullFrame(nowMs)
	if len(show(t, claimed).Frame.Changed) != 1 || !before.IsBefore(claimed) {
		t.Error("a claim changes it")
	}
	f.join(nowMs, "h")
	if joined := watch.FullFrame(nowMs); len(show(t, joined).Frame.Leaders) != 2 {
		t.Error("a player changes it")
	}
	if next := watch.FullFrame(nowMs + 150); next.Tick != 1 {
		t.Error("a tick changes it")
	}
	if last := watch.FullFrame(nowMs + 600_000); !last.Ended {
		t.Error("the end changes it")
	}
	f.start(nowMs+600_000, "h", "q")
	if other := watch.FullFrame(nowMs + 600_000); other != nil {
		t.Error("a frame of another round")
	}
}

func TestWatchersAreCountedUntilTheyLeave(t *testing.T) {
	f := newFixture(t, Limits{})
	f.publish("q", treasures(2, 2), "")
	f.start(nowMs, "h", "q")
	ada := f.join(nowMs, "h")
	one, _ := f.watch(nowMs, "h", ada, vocab.JSON)
	two, r := f.watch(nowMs, "h", ada, vocab.Protobuf)
	three, _ := f.watch(nowMs, "h", ada, vocab.JSON)
	if got := f.status(nowMs, "h").Watchers; got != 3 {
		t.Errorf("%d watch", got)
	}
	one.Leave()
	one.Leave()
	three.Leave()
	if got := f.status(nowMs, "h").Watchers; got != 1 {
		t.Errorf("%d watch", got)
	}
	r.take()
	f.Tick(nowMs+150, 0, 1)
	if frames := r.take(); len(frames) != 1 || frames[0].Message(vocab.JSON) != nil {
		t.Error("nobody reads JSON any more")
	}
	two.Leave()
	f.resolve(nowMs+150, "h", ada, "t0")
	f.Tick(nowMs+300, 0, 1)
	if frames := r.take(); len(frames) != 0 {
		t.Error("a frame for who has left")
	}
	// What changed while nobody watched is in the full frame, and in no other.
	_, r = f.watch(nowMs+310, "h", ada, vocab.JSON)
	r.take()
	f.Tick(nowMs+450, 0, 1)
	if frames := r.take(); len(frames) != 1 || len(show(t, frames[0]).Frame.Changed) != 0 {
		t.Errorf("%d frames", len(frames))
	}
}

func TestTheLastFrameSaysThatTheRoundIsOver(t *testing.T) {
	for name, end := range map[string]struct {
		rules    string
		supply   int
		at, next int64
		tick     uint32
	}{
		"by time":           {`"duration_ms":700`, 9, nowMs + 700, 0, 4},
		"late":              {`"duration_ms":700`, 9, nowMs + 5000, 0, 4},
		"by the last claim": {"", 1, nowMs + 10, 0, 0},
		// The next round begins before the tick.
		"by the next round": {`"duration_ms":700`, 9, nowMs + 900, nowMs + 800, 4},
	} {
		f := newFixture(t, Limits{EndedKeepMs: 1000})
		f.publish("q", treasures(1, end.supply), end.rules)
		f.start(nowMs, "h", "q")
		ada := f.join(nowMs, "h")
		watch, r := f.watch(nowMs, "h", ada, vocab.JSON)
		f.resolve(nowMs+5, "h", ada, "t0")
		r.take()
		if end.next > 0 {
			f.start(end.next, "h", "q")
		}
		f.Tick(end.at, 0, 1)
		last := one(t, r).Frame
		if last.Full || last.Status != "ended" || last.RemainingMs != 0 || last.Tick != end.tick ||
			len(last.Changed) != 1 {
			t.Errorf("%s: %+v", name, last)
		}
		if got := f.Figures(end.at).Watchers; got != 0 {
			t.Errorf("%s: %d watch", name, got)
		}
		f.Tick(end.at+150, 0, 1)
		watch.Leave()
		if frames := r.take(); len(frames) != 0 {
			t.Errorf("%s: %d frames more", name, len(frames))
		}
	}
}

// Every part of the world is ticked, however many parts there are.
func TestPartsOfTheWorldAreItsWhole(t *testing.T) {
	for parts := 1; parts <= 5; parts++ {
		f := newFixture(t, Limits{})
		f.publish("q", treasures(1, 1), "")
		var all []*recorder
		for i := range 100 {
			hunt := fmt.Sprint("h", i)
			f.start(nowMs, hunt, "q")
			_, r := f.watch(nowMs, hunt, f.join(nowMs, hunt), vocab.JSON)
			all = append(all, r)
		}
		for part := range parts {
			f.Tick(nowMs+150, part, parts)
		}
		for i, r := range all {
			if frames := r.take(); len(frames) != 2 {
				t.Errorf("%d parts: hunt %d has %d frames", parts, i, len(frames))
			}
		}
	}
}
