package wire

import (
	"encoding/json"
	"strings"
	"testing"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

func id(t testing.TB, text string) vocab.ID {
	t.Helper()
	id, ok := vocab.ParseID(text)
	if !ok {
		t.Fatalf("%q is no id", text)
	}
	return id
}

// A name with what encoding/json would escape though the rules say nothing.
const oddName = "\"<\u2028&\u2029>\\🦀\u00a0"

const oddNameJSON = `"\"<` + "\u2028&\u2029>" + `\\🦀` + "\u00a0\""

var fault = problem.InvalidBody.At(&document.Fault{
	Code: document.UnknownField, Path: "/\u0001\b\u2028\x7f", Line: 12, Column: 4294967295,
})

func resolved(t testing.TB, powerUp vocab.PowerUp) *Resolved {
	loot := &Loot{Item: id(t, "pearl"), Points: 50, PowerUp: powerUp}
	return &Resolved{Outcome: vocab.Claimed, Loot: loot, Score: 70, Rank: 1}
}

func scene(t testing.TB) *Scene {
	return &Scene{
		Tick: 7, Revision: 3, State: vocab.Running, RemainingMs: 598950,
		Waypoints: []document.Waypoint{
			{At: vocab.Point{X: 0, Y: -1.5, Z: 1e21}, Radius: 1e-7},
			{At: vocab.Point{X: 1}, Radius: 1},
			{At: vocab.Point{X: 2}, Radius: 2},
		},
		FirstInPlay: 2, InPlay: 2,
		Treasures: []document.Treasure{{ID: id(t, "a")}, {ID: id(t, "b")}, {ID: id(t, "c")}},
		Remaining: []uint32{0, 5, 1},
		Changed:   []uint64{0b101},
		Leaders:   []BoardRow{{Rank: 1, Player: 3, Name: oddName, Score: 10}, {Rank: 2, Name: "B"}},
	}
}

func TestAnswersAreWrittenAsTheRulesSay(t *testing.T) {
	h, q := id(t, "h"), id(t, "q")
	for want, write := range map[string]func(Encoder, []byte) []byte{
		`{"quest":"q","version":2,"waypoints":3,"treasures":4}`: func(e Encoder, dst []byte) []byte {
			return e.Quest(dst, &Quest{q, 2, 3, 4, true})
		},
		`{"hunt":"h","quest":"q","version":2,"capacity":3,"round":4}`: func(
			e Encoder, dst []byte,
		) []byte {
			return e.Hunt(dst, &Hunt{h, q, 2, 3, 4, true})
		},
		`{"player":5,"session":"AQ-_"}`: func(e Encoder, dst []byte) []byte {
			return e.Joined(dst, &Joined{5, []byte("AQ-_")})
		},
		`{"outcome":"too_far","loot":null,"score":0,"rank":4294967295}`: func(
			e Encoder, dst []byte,
		) []byte {
			return e.Resolved(dst, &Resolved{Outcome: vocab.TooFar, Rank: 4294967295})
		},
		`{"outcome":"claimed","loot":{"item":"pearl","points":50,"power_up":null},` +
			`"score":70,"rank":1}`: func(e Encoder, dst []byte) []byte {
			return e.Resolved(dst, resolved(t, vocab.NoPowerUp))
		},
		`{"hunt":"h","quest":"q","version":1,"round":2,"status":"ended","tick":3,` +
			`"remaining_ms":4,"players":5,"capacity":6,"watchers":7,"claims":8}`: func(
			e Encoder, dst []byte,
		) []byte {
			return e.Status(dst, &Status{h, q, 1, 2, vocab.Ended, 3, 4, 5, 6, 7, 8})
		},
		`{"hunt":"h","players":0,"rows":[]}`: func(e Encoder, dst []byte) []byte {
			return e.Leaderboard(dst, &Leaderboard{Hunt: h})
		},
		`{"hunt":"h","players":2,"rows":[{"rank":1,"player":0,"name":` + oddNameJSON +
			`,"score":9},{"rank":2,"player":1,"name":"B","score":0}]}`: func(
			e Encoder, dst []byte,
		) []byte {
			return e.Leaderboard(dst, &Leaderboard{h, 2, []BoardRow{{1, 0, oddName, 9}, {2, 1, "B", 0}}})
		},
		`{"session":7,"hunt":null,"loot":[]}`: func(e Encoder, dst []byte) []byte {
			return e.LootTable(dst, &LootTable{Session: 7})
		},
		`{"session":7,"hunt":"h","loot":[{"treasure":"q","item":"h","points":1,"remaining":2},` +
			`{"treasure":"h","item":"q","points":3,"remaining":4}]}`: func(
			e Encoder, dst []byte,
		) []byte {
			return e.LootTable(dst, &LootTable{7, h, []LootRow{{q, h, 1, 2}, {h, q, 3, 4}}})
		},
	} {
		check(t, want, write)
	}
}

func TestProblemsAreWrittenAsTheRulesSay(t *testing.T) {
	for want, write := range map[string]func(Encoder, []byte) []byte{
		`{"type":"urn:hunt:problem:hunt-full","title":"the hunt is full","status":409}`: func(
			e Encoder, dst []byte,
		) []byte {
			return e.Problem(dst, problem.HuntFull)
		},
		`{"type":"urn:hunt:problem:invalid-query",` +
			`"title":"a query parameter is unknown, repeated or out of range",` +
			`"status":400,"detail":"<why>"}`: func(e Encoder, dst []byte) []byte {
			return e.Problem(dst, problem.InvalidQuery.Because("<why>"))
		},
		`{"type":"urn:hunt:problem:invalid-body","title":"the request body is not valid",` +
			`"status":422,"detail":"an unknown field","path":"/\u0001\b` + "\u2028\x7f" +
			`","line":12,"column":4294967295}`: func(e Encoder, dst []byte) []byte {
			return e.Problem(dst, fault)
		},
		`{"type":"urn:hunt:problem:invalid-quest","title":"the quest document is not valid",` +
			`"status":422,"detail":"not well-formed JSON","path":"","line":1,"column":1}`: func(
			e Encoder, dst []byte,
		) []byte {
			return e.Problem(dst, problem.InvalidQuest.At(&document.Fault{Line: 1, Column: 1}))
		},
	} {
		check(t, want, write)
	}
}

func TestMessagesAreWrittenAsTheRulesSay(t *testing.T) {
	for want, write := range map[string]func(Encoder, []byte) []byte{
		`{"moved":{"seq":0,"outcome":"too_fast","x":0,"y":-1.5,"z":1e-7,"energy":100}}`: func(
			e Encoder, dst []byte,
		) []byte {
			at := vocab.Point{Y: -1.5, Z: 1e-7}
			return e.MovedMessage(dst, vocab.JSON, 0, &Moved{vocab.MoveTooFast, at, 100})
		},
		`{"power_up_used":{"seq":4294967295,"outcome":"no_energy","power_up":"reach",` +
			`"active_ms":0,"energy":29}}`: func(e Encoder, dst []byte) []byte {
			used := &PowerUpUsed{vocab.NoEnergy, vocab.Reach, 0, 29}
			return e.PowerUpMessage(dst, vocab.JSON, 4294967295, used)
		},
		`{"resolved":{"seq":1,"outcome":"claimed","loot":{"item":"pearl","points":50,` +
			`"power_up":"boost"},"score":70,"rank":1}}`: func(e Encoder, dst []byte) []byte {
			return e.ResolvedMessage(dst, vocab.JSON, 1, resolved(t, vocab.Boost))
		},
		`{"refused":{"seq":9,"type":"urn:hunt:problem:invalid-body",` +
			`"title":"the request body is not valid","status":422,"detail":"an unknown field",` +
			`"path":"/\u0001\b` + "\u2028\x7f" + `","line":12,"column":4294967295}}`: func(
			e Encoder, dst []byte,
		) []byte {
			return e.RefusedMessage(dst, vocab.JSON, 9, fault)
		},
		`{"frame":{"tick":7,"full":false,"status":"running","remaining_ms":598950,"waypoints":[` +
			`{"index":2,"x":2,"y":0,"z":0,"radius":2},` +
			`{"index":0,"x":0,"y":-1.5,"z":1e+21,"radius":1e-7}],` +
			`"changed":[{"treasure":"a","remaining":0},{"treasure":"c","remaining":1}],` +
			`"leaders":[{"player":3,"name":` + oddNameJSON + `,"score":10},` +
			`{"player":0,"name":"B","score":0}]}}`: func(e Encoder, dst []byte) []byte {
			return append(dst, frame(e, scene(t), vocab.JSON).Payload(vocab.JSON)...)
		},
		`{"frame":{"tick":0,"full":true,"status":"ended","remaining_ms":0,"waypoints":[],` +
			`"changed":[],"leaders":[]}}`: func(e Encoder, dst []byte) []byte {
			empty := &Scene{Full: true, State: vocab.Ended}
			return append(dst, frame(e, empty, vocab.JSON).Payload(vocab.JSON)...)
		},
	} {
		check(t, want, write)
	}
}

func check(t *testing.T, want string, write func(Encoder, []byte) []byte) {
	t.Helper()
	if !json.Valid([]byte(want)) {
		t.Errorf("the test is wrong: %s", want)
	}
	for name, encoder := range map[string]Encoder{"append": Append, "reflect": Reflect} {
		if got := string(write(encoder, []byte("before"))); got != "before"+want {
			t.Errorf("%s: %s\nnot %s", name, got, want)
		}
	}
}

func frame(e Encoder, s *Scene, codecs ...vocab.Codec) *Frame {
	var wanted [vocab.CodecCount]bool
	for _, codec := range codecs {
		wanted[codec] = true
	}
	frame, _ := e.Frame(s, wanted, nil)
	return frame
}

func TestAFrameIsEncodedForThoseWhoReadIt(t *testing.T) {
	f := frame(Append, scene(t), vocab.Protobuf)
	if f.Message(vocab.JSON) != nil || f.Payload(vocab.JSON) != nil {
		t.Error("nobody reads JSON")
	}
	if f.Tick != 7 || f.Revision != 3 || f.Ended {
		t.Errorf("%+v", f)
	}
	if !frame(Append, &Scene{State: vocab.Ended}).Ended {
		t.Error("the round is over")
	}
	newer := &Frame{Tick: 7, Revision: 4}
	if !f.IsBefore(newer) || newer.IsBefore(f) || f.IsBefore(f) {
		t.Error("an order of frames")
	}
}

// The lengths at which the header of a WebSocket frame grows (RFC 6455 section 5.2).
func TestHeadersAnnounceTheirPayload(t *testing.T) {
	for size, header := range map[int]string{
		125:     "\x81\x7d",
		126:     "\x81\x7e\x00\x7e",
		0xffff:  "\x81\x7e\xff\xff",
		0x10000: "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
	} {
		payload := strings.Repeat("x", size)
		m := newMessage(opcodeText, []byte(payload))
		if string(m.bytes) != header+payload || len(m.bytes) != cap(m.bytes) {
			t.Errorf("%d bytes: the header %x", size, m.bytes[:m.header])
		}
		f := Frame{messages: [vocab.CodecCount]message{m}}
		if string(f.Payload(vocab.JSON)) != payload || len(f.Message(vocab.JSON)) != len(m.bytes) {
			t.Errorf("%d bytes: another payload", size)
		}
	}
}

func TestNothingIsAllocatedForAnAnswer(t *testing.T) {
	dst := make([]byte, 0, 1024)
	status, claim := &Status{Hunt: id(t, "h"), Status: vocab.Running}, resolved(t, vocab.Boost)
	moved := &Moved{Outcome: vocab.Moved, At: vocab.Point{X: 0.25}}
	if allocs := testing.AllocsPerRun(1000, func() {
		dst = Append.Status(dst[:0], status)
		dst = Append.Resolved(dst, claim)
		for codec := range vocab.CodecCount {
			dst = Append.MovedMessage(dst[:0], codec, 1, moved)
			dst = Append.ResolvedMessage(dst, codec, 1, claim)
			dst = Append.RefusedMessage(dst, codec, 1, problem.HuntEnded)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkResolved(b *testing.B) {
	claim := resolved(b, vocab.Boost)
	for name, e := range map[string]Encoder{"append": Append, "reflect": Reflect} {
		b.Run(name, func(b *testing.B) {
			dst := make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				dst = e.Resolved(dst[:0], claim)
			}
		})
	}
}

func BenchmarkStatus(b *testing.B) {
	status := &Status{Hunt: id(b, "h"), Quest: id(b, "q"), Status: vocab.Running}
	for name, e := range map[string]Encoder{"append": Append, "reflect": Reflect} {
		b.Run(name, func(b *testing.B) {
			dst := make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				dst = e.Status(dst[:0], status)
			}
		})
	}
}

func BenchmarkFrame(b *testing.B) {
	s := scene(b)
	s.Waypoints = make([]document.Waypoint, 8)
	for i := range s.Waypoints {
		at := vocab.Point{X: float64(i) * 10.25, Y: 3, Z: -7.5}
		s.Waypoints[i] = document.Waypoint{At: at, Radius: 2.5}
	}
	s.InPlay = 8
	for _, c := range []struct {
		name   string
		e      Encoder
		wanted [vocab.CodecCount]bool
	}{
		{"json/append", Append, [vocab.CodecCount]bool{vocab.JSON: true}},
		{"json/reflect", Reflect, [vocab.CodecCount]bool{vocab.JSON: true}},
		{"protobuf", Append, [vocab.CodecCount]bool{vocab.Protobuf: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var scratch []byte
			b.ReportAllocs()
			for b.Loop() {
				_, scratch = c.e.Frame(s, c.wanted, scratch)
			}
		})
	}
}
