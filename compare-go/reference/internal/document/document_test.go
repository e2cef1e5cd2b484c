package document

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"treasurehunt/internal/vocab"
)

const questText = `{"treasures":[
  {"id":"t","x":-0,"y":2.5,"z":1e3,"radius":1e4,
   "loot":{"item":"i","points":1000000,"power_up":null}},
  {"id":"u","x":0,"y":0,"z":0,"radius":0.5,"loot":{"power_up":"double","item":"i","points":1},
   "opens_ms":86400000,"supply":1000000}],
  "waypoints":[{"radius":1,"x":1,"y":2,"z":3}],"name":"Quest \u00e9\ud83e\udd80",
  "rules":{"speed_max":12.5,"start_power_ups":{"double":255,"boost":0},"waypoint_ms":1}}`

func id(t testing.TB, text string) vocab.ID {
	t.Helper()
	id, ok := vocab.ParseID(text)
	if !ok {
		t.Fatalf("%q is no id", text)
	}
	return id
}

func TestAQuestIsReadWithItsDefaults(t *testing.T) {
	quest, fault := ReadQuest([]byte(questText))
	if fault != nil {
		t.Fatalf("%+v", *fault)
	}
	rules := defaultRules
	rules.SpeedMax, rules.WaypointMs = 12.5, 1
	rules.StartPowerUps = [...]uint8{vocab.Boost: 0, vocab.Reach: 1, vocab.Double: 255}
	want := &Quest{
		Name:      "Quest é🦀",
		Waypoints: []Waypoint{{vocab.Point{X: 1, Y: 2, Z: 3}, 1}},
		Treasures: []Treasure{
			{
				ID: id(t, "t"), At: vocab.Point{Y: 2.5, Z: 1000}, Radius: 10_000, Supply: 1,
				Loot: Loot{id(t, "i"), 1_000_000, vocab.NoPowerUp},
			},
			{
				ID: id(t, "u"), Radius: 0.5, OpensMs: 86_400_000, Supply: 1_000_000,
				Loot: Loot{id(t, "i"), 1, vocab.Double},
			},
		},
		Rules: rules,
		ByID:  map[vocab.ID]uint16{id(t, "t"): 0, id(t, "u"): 1},
	}
	if !reflect.DeepEqual(quest, want) {
		t.Errorf("read %+v\n not %+v", quest, want)
	}
	if math.Signbit(quest.Treasures[0].At.X) {
		t.Error("−0 stays")
	}
}

func TestListsEndAtTheirBounds(t *testing.T) {
	waypoint := `{"x":0,"y":0,"z":0,"radius":1}`
	document := func(waypoints, treasures int) string {
		var list []string
		for i := range treasures {
			list = append(list, fmt.Sprintf(
				`{"id":"t%d","x":0,"y":0,"z":0,"radius":1,"loot":{"item":"i","points":1}}`, i))
		}
		return `{"name":"Q","waypoints":[` + strings.TrimSuffix(
			strings.Repeat(waypoint+",", waypoints), ",") + `],"treasures":[` +
			strings.Join(list, ",") + `]}`
	}
	quest, fault := ReadQuest([]byte(document(WaypointsMax, TreasuresMax)))
	if fault != nil {
		t.Fatalf("%+v", *fault)
	}
	if len(quest.Waypoints) != WaypointsMax || cap(quest.Treasures) > TreasuresMax*5/4 {
		t.Errorf("%d waypoints, room for %d treasures", len(quest.Waypoints), cap(quest.Treasures))
	}
	_, fault = ReadQuest([]byte(document(WaypointsMax+1, 1)))
	if fault == nil || fault.Code != OutOfRange || fault.Path != "/waypoints" {
		t.Errorf("%+v", fault)
	}
	_, fault = ReadQuest([]byte(document(1, TreasuresMax+1)))
	if fault == nil || fault.Code != OutOfRange || fault.Path != "/treasures" {
		t.Errorf("%+v", fault)
	}
	// What is too much is looked at: a value must begin with it.
	broken := strings.Replace(document(WaypointsMax+1, 1), waypoint+"]", "?]", 1)
	if _, fault = ReadQuest([]byte(broken)); fault == nil || fault.Code != Syntax {
		t.Errorf("%+v", fault)
	}
}

func TestBodiesAreRead(t *testing.T) {
	hunt, fault := ReadHunt([]byte(` {"capacity":1000000,"quest":"q","version":4294967295} `))
	if want := (Hunt{id(t, "q"), 4294967295, 1_000_000}); fault != nil || hunt != want {
		t.Errorf("%+v, %+v", hunt, fault)
	}
	hunt, fault = ReadHunt([]byte(`{"quest":"q","capacity":1}`))
	if want := (Hunt{id(t, "q"), 0, 1}); fault != nil || hunt != want {
		t.Errorf("%+v, %+v", hunt, fault)
	}
	if name, fault := ReadPlayer([]byte(`{"n\u0061me":"A\u00e9"}`)); fault != nil || name != "Aé" {
		t.Errorf("%q, %+v", name, fault)
	}
	resolve, fault := ReadResolve([]byte(`{"treasure":"t","x":-0.0,"y":1e2,"z":-3,"key":"k"}`))
	key, _ := vocab.ParseKey([]byte("k"))
	want := Resolve{id(t, "t"), vocab.Point{Y: 100, Z: -3}, key}
	if fault != nil || resolve != want || math.Signbit(resolve.At.X) {
		t.Errorf("%+v, %+v", resolve, fault)
	}
}

func TestFaultsOfBodies(t *testing.T) {
	for _, c := range []struct {
		text string
		want Fault
	}{
		{`{"quest":"q"}`, Fault{MissingField, "/capacity", 1, 13}},
		{`{"quest":"q","capacity":0}`, Fault{OutOfRange, "/capacity", 1, 25}},
		{`{"quest":"q","capacity":1000001}`, Fault{OutOfRange, "/capacity", 1, 25}},
		{`{"quest":"q","capacity":1,"version":0}`, Fault{OutOfRange, "/version", 1, 37}},
		{`{"quest":"q","capacity":1,"version":4294967296}`, Fault{OutOfRange, "/version", 1, 37}},
		{`{"quest":"q","capacity":1,"version":null}`, Fault{WrongType, "/version", 1, 37}},
		{`{"quest":"q","capacity":1}x`, Fault{TrailingBytes, "", 1, 27}},
		{"{\"quest\":\"q\",\"capacity\":1}\x00", Fault{TrailingBytes, "", 1, 27}},
		{"{\"quest\":\x00", Fault{Syntax, "", 1, 10}},
		{"\x00", Fault{Syntax, "", 1, 1}},
		{`{"quest":tru}`, Fault{WrongType, "/quest", 1, 10}},
		{`{"quest":`, Fault{Syntax, "", 1, 10}},
		{`{"quest"`, Fault{Syntax, "", 1, 9}},
		{`{"quest":"\u00zz"}`, Fault{Syntax, "", 1, 15}},
		{`{"quest":"\u00`, Fault{Syntax, "", 1, 15}},
		{`{"quest":"\ud800\u0041"}`, Fault{Syntax, "", 1, 11}},
		{`{"quest":"\ud800\u`, Fault{Syntax, "", 1, 11}},
		{`{"quest":"\`, Fault{Syntax, "", 1, 12}},
		{"{\n\"~/\u00e9\":1}", Fault{UnknownField, "/~0~1é", 2, 1}},
	} {
		if _, fault := ReadHunt([]byte(c.text)); fault == nil || *fault != c.want {
			t.Errorf("%q: %+v, not %+v", c.text, fault, c.want)
		}
	}
}

// No document of the game is deep enough to cross the limit, so the reader is driven by hand.
func TestThe17thBracketIsRefused(t *testing.T) {
	var read func(r *reader)
	read = func(r *reader) {
		for l := (list{min: 0, max: 1}); r.element(&l); {
			read(r)
		}
	}
	for depth, want := range map[int]*Fault{
		DepthMax:     nil,
		DepthMax + 1: {Syntax, "", 1, DepthMax + 1},
	} {
		r := reader{doc: []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))}
		read(&r)
		if fault := r.end(); !reflect.DeepEqual(fault, want) {
			t.Errorf("%d brackets: %+v", depth, fault)
		}
	}
}

func TestNothingIsAllocatedForABody(t *testing.T) {
	resolve := []byte(`{"treasure":"chest-17","x":12.25,"y":-3.5,"z":100,"key":"018f-41"}`)
	message := []byte(`{"seq":17,"move":{"x":12.25,"y":-3.5,"z":100,"heading":359.5}}`)
	var m Message
	if allocs := testing.AllocsPerRun(1000, func() {
		if _, fault := ReadResolve(resolve); fault != nil {
			t.Error(*fault)
		}
		if fault := ReadMessage(message, &m); fault != nil {
			t.Error(*fault)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkReadResolve(b *testing.B) {
	doc := []byte(`{"treasure":"chest-17","x":12.25,"y":-3.5,"z":100,"key":"018f-41"}`)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, fault := ReadResolve(doc); fault != nil {
			b.Fatal(*fault)
		}
	}
}

func BenchmarkReadQuest(b *testing.B) {
	var text strings.Builder
	text.WriteString(`{"name":"Q","waypoints":[{"x":0,"y":0,"z":0,"radius":1}`)
	for i := range 4199 {
		fmt.Fprintf(&text, `,{"x":%d.25,"y":%d.5,"z":%d,"radius":%d.125}`, i*7, i*3, i, i%9+1)
	}
	text.WriteString(`],"treasures":[{"id":"t0","x":0,"y":0,"z":0,"radius":1,` +
		`"loot":{"item":"i","points":1}}`)
	for i := range 63 {
		fmt.Fprintf(&text, `,{"id":"t%d","x":%d,"y":0,"z":0,"radius":1,`+
			`"loot":{"item":"i%d","points":5}}`, i+1, i, i)
	}
	text.WriteString(`]}`)
	doc := []byte(text.String())
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, fault := ReadQuest(doc); fault != nil {
			b.Fatal(*fault)
		}
	}
}
