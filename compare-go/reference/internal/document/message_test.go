package document

import (
	"testing"

	"treasurehunt/internal/vocab"
)

func TestMessagesAreRead(t *testing.T) {
	key, _ := vocab.ParseKey([]byte("k"))
	at := vocab.Point{X: 1, Y: 2, Z: 3}
	for text, want := range map[string]Message{
		`{"seq":7,"move":{"x":1,"y":2,"z":3}}`: {
			Seq: 7, Kind: MoveAction, Move: Move{To: at},
		},
		`{"move":{"heading":359.9,"z":3,"y":2,"x":1},"seq":4294967295}`: {
			Seq: 4294967295, Kind: MoveAction, Move: Move{To: at, Heading: 359.9},
		},
		`{"use_power_up":{"power_up":"reach"},"seq":0}`: {
			Kind: PowerUpAction, PowerUp: vocab.Reach,
		},
		`{"seq":1,"resolve":{"treasure":"t","x":1,"y":2,"z":3,"key":"k"}}`: {
			Seq: 1, Kind: ResolveAction, Resolve: Resolve{id(t, "t"), at, key},
		},
	} {
		m := Message{Seq: 9, Kind: ResolveAction, PowerUp: vocab.Boost}
		if fault := ReadMessage([]byte(text), &m); fault != nil || m != want {
			t.Errorf("%s: %+v, %+v", text, m, fault)
		}
	}
}

func TestFaultsOfMessages(t *testing.T) {
	for _, c := range []struct {
		text string
		seq  uint32
		want Fault
	}{
		{`{"seq":1}`, 1, Fault{MissingField, "/move", 1, 9}},
		{`{"seq":1} x`, 1, Fault{MissingField, "/move", 1, 9}},
		{`{}`, 0, Fault{MissingField, "/seq", 1, 2}},
		{`{"seq":-1,"move":{}}`, 0, Fault{OutOfRange, "/seq", 1, 8}},
		{`{"seq":4294967296}`, 0, Fault{OutOfRange, "/seq", 1, 8}},
		{`{"seq":7,"jump":{}}`, 7, Fault{UnknownField, "/jump", 1, 10}},
		{`{"jump":{},"seq":7}`, 0, Fault{UnknownField, "/jump", 1, 2}},
		{`{"seq":7,"move":{"x":0,"y":0,"z":0},"use_power_up":{"power_up":"boost"}}`, 7,
			Fault{UnknownField, "/use_power_up", 1, 37}},
		{`{"seq":7,"move":{"x":0,"y":0,"z":0},"move":{}}`, 7,
			Fault{DuplicateField, "/move", 1, 37}},
		{`{"seq":7,"seq":8}`, 7, Fault{DuplicateField, "/seq", 1, 10}},
		{`{"seq":8,"move":{"x":0,"y":0,"z":0}} x`, 8, Fault{TrailingBytes, "", 1, 38}},
		{"{\"seq\":9,\n\"move\":\n{\"x\":0,\"y\":0,\"z\":0,\"w\":0}}", 9,
			Fault{UnknownField, "/move/w", 3, 20}},
		{`{"seq":1,"move":{"x":0,"y":0,"z":0,"heading":360}}`, 1,
			Fault{OutOfRange, "/move/heading", 1, 46}},
		{`{"seq":1,"move":{"x":0,"y":0,"z":0,"heading":-0.1}}`, 1,
			Fault{OutOfRange, "/move/heading", 1, 46}},
		{`{"seq":1,"use_power_up":{"power_up":"none"}}`, 1,
			Fault{OutOfRange, "/use_power_up/power_up", 1, 37}},
		{`{"seq":1,"resolve":{"treasure":"t","x":0,"y":0}}`, 1,
			Fault{MissingField, "/resolve/z", 1, 47}},
	} {
		var m Message
		fault := ReadMessage([]byte(c.text), &m)
		if fault == nil || *fault != c.want || m.Seq != c.seq {
			t.Errorf("%s: %+v with %d, not %+v", c.text, fault, m.Seq, c.want)
		}
	}
}
