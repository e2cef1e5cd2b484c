package game

import (
	"fmt"
	"strings"
	"testing"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
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

func (f fixture) resolve(
	at int64, hunt string, player vocab.PlayerRef, treasure string,
) wire.Resolved {
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
