package wire

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

// protoFile is hunt.proto, compiled: what the codec is held against.
func protoFile(t testing.TB) protoreflect.FileDescriptor {
	t.Helper()
	paths := []string{"../../../../engine-core/proto"}
	compiler := protocompile.Compiler{
		Resolver: &protocompile.SourceResolver{ImportPaths: paths},
	}
	files, err := compiler.Compile(t.Context(), "hunt/v1/hunt.proto")
	if err != nil {
		t.Fatal(err)
	}
	return files[0]
}

// encoded is a message in the text format, as protobuf-go writes it in the order of the numbers.
func encoded(t testing.TB, file protoreflect.FileDescriptor, name, text string) []byte {
	t.Helper()
	descriptor := file.Messages().ByName(protoreflect.Name(name))
	message := dynamicpb.NewMessage(descriptor)
	if err := prototext.Unmarshal([]byte(text), message); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

func TestWhatTheServerSaysIsThatOfTheProto(t *testing.T) {
	file := protoFile(t)
	long := *scene(t)
	long.Leaders = []BoardRow{{Name: vocab.Name(strings.Repeat("n", 64)), Score: 1}}
	long.InPlay = 3
	for text, got := range map[string][]byte{
		`moved { outcome: MOVE_OUTCOME_MOVED x: 1.5 z: -2 energy: 100 }`: Append.MovedMessage(
			nil, vocab.Protobuf, 0,
			&Moved{vocab.Moved, vocab.Point{X: 1.5, Z: -2}, 100}),
		`power_up_used { seq: 4294967295 outcome: POWER_UP_OUTCOME_USED power_up: POWER_UP_DOUBLE
		 active_ms: 5000 energy: 70 }`: Append.PowerUpMessage(
			nil, vocab.Protobuf, 4294967295,
			&PowerUpUsed{vocab.Used, vocab.Double, 5000, 70}),
		`resolved { seq: 4 outcome: RESOLVE_OUTCOME_CLAIMED
		 loot { item: "pearl" points: 50 power_up: POWER_UP_BOOST }
		 score: 70 rank: 1 }`: Append.ResolvedMessage(
			nil, vocab.Protobuf, 4, resolved(t, vocab.Boost)),
		`resolved { seq: 4 outcome: RESOLVE_OUTCOME_CLAIMED loot { item: "pearl" points: 50 }
		 score: 70 rank: 1 }`: Reflect.ResolvedMessage(
			nil, vocab.Protobuf, 4, resolved(t, vocab.NoPowerUp)),
		`resolved { outcome: RESOLVE_OUTCOME_EXHAUSTED rank: 300 }`: Append.ResolvedMessage(
			nil, vocab.Protobuf, 0, &Resolved{Outcome: vocab.Exhausted, Rank: 300}),
		`refused { seq: 1 type: "urn:hunt:problem:hunt-ended" title: "the hunt has ended"
		 status: 409 }`: Append.RefusedMessage(nil, vocab.Protobuf, 1, problem.HuntEnded),
		`refused { type: "urn:hunt:problem:invalid-body" title: "the request body is not valid"
		 status: 422 detail: "an unknown field" path: "/\001\b\342\200\250\177" line: 12
		 column: 4294967295 }`: Append.RefusedMessage(nil, vocab.Protobuf, 0, fault),
		`frame { tick: 7 status: HUNT_STATE_RUNNING remaining_ms: 598950
		 waypoints { index: 2 x: 2 radius: 2 } waypoints { y: -1.5 z: 1e21 radius: 1e-7 }
		 changed { treasure: "a" } changed { treasure: "c" remaining: 1 }
		 leaders { player: 3 name: "\"<\342\200\250&\342\200\251>\\🦀\302\240" score: 10 }
		 leaders { name: "B" } }`: frame(Append, scene(t), vocab.Protobuf).Payload(vocab.Protobuf),
		`frame { full: true status: HUNT_STATE_ENDED }`: frame(Append,
			&Scene{Full: true, State: vocab.Ended}, vocab.Protobuf).Payload(vocab.Protobuf),
		`frame { tick: 7 status: HUNT_STATE_RUNNING remaining_ms: 598950
		 waypoints { index: 2 x: 2 radius: 2 } waypoints { y: -1.5 z: 1e21 radius: 1e-7 }
		 waypoints { index: 1 x: 1 radius: 1 }
		 changed { treasure: "a" } changed { treasure: "c" remaining: 1 }
		 leaders { name: "` + strings.Repeat("n", 64) + `" score: 1 } }`: frame(
			Append, &long, vocab.Protobuf).Payload(vocab.Protobuf),
	} {
		if want := encoded(t, file, "ServerMessage", text); !bytes.Equal(got, want) {
			t.Errorf("%s\n  is %x\n not %x", text, got, want)
		}
	}
}

func TestTheWordsAreThoseOfTheProto(t *testing.T) {
	enums := protoFile(t).Enums()
	for name, words := range map[string][]string{
		"PowerUp":        {vocab.Boost.String(), vocab.Reach.String(), vocab.Double.String()},
		"MoveOutcome":    {vocab.Moved.String(), vocab.MoveTooFast.String()},
		"PowerUpOutcome": {"used", "active", "none_left", vocab.NoEnergy.String()},
		"ResolveOutcome": {
			"claimed", "already_claimed", "too_fast", "too_far", "not_open",
			vocab.Exhausted.String(),
		},
		"HuntState": {vocab.Running.String(), vocab.Ended.String()},
	} {
		values := enums.ByName(protoreflect.Name(name)).Values()
		if values.Len() != len(words)+1 {
			t.Errorf("%s has %d values", name, values.Len())
		}
		for i, word := range words {
			value := values.ByNumber(protoreflect.EnumNumber(i + 1))
			if !strings.HasSuffix(string(value.Name()), "_"+strings.ToUpper(word)) {
				t.Errorf("%s has %s as %d, not %s", name, value.Name(), i+1, word)
			}
		}
	}
}

func TestMessagesOfPlayersAreRead(t *testing.T) {
	file := protoFile(t)
	key, _ := vocab.ParseKey([]byte("k"))
	for text, want := range map[string]document.Message{
		`seq: 1 move { x: 1 }`: {
			Seq: 1, Kind: document.MoveAction, Move: document.Move{To: vocab.Point{X: 1}},
		},
		`move { x: -0.0 y: -2 z: 1e6 heading: 359.5 }`: {
			Kind: document.MoveAction,
			Move: document.Move{To: vocab.Point{Y: -2, Z: 1e6}, Heading: 359.5},
		},
		`seq: 4294967295 use_power_up { power_up: POWER_UP_DOUBLE }`: {
			Seq: 4294967295, Kind: document.PowerUpAction, PowerUp: vocab.Double,
		},
		`resolve { treasure: "t" x: 1 key: "k" }`: {
			Kind:    document.ResolveAction,
			Resolve: document.Resolve{Treasure: id(t, "t"), At: vocab.Point{X: 1}, Key: key},
		},
		`resolve { treasure: "t" }`: {
			Kind: document.ResolveAction, Resolve: document.Resolve{Treasure: id(t, "t")},
		},
	} {
		m := document.Message{Seq: 9, PowerUp: vocab.Boost}
		p := ReadMessage(vocab.Protobuf, encoded(t, file, "ClientMessage", text), &m)
		if p != nil || m != want || math.Signbit(m.Move.To.X) {
			t.Errorf("%s: %+v, %+v", text, m, p)
		}
	}
}

func TestMessagesOfPlayersAreRefused(t *testing.T) {
	file := protoFile(t)
	for text, want := range map[string]*problem.Problem{
		``:                                          noAction,
		`seq: 7`:                                    noAction,
		`seq: 7 move { x: 1000000.5 }`:              outOfRange,
		`seq: 7 move { y: nan }`:                    outOfRange,
		`seq: 7 move { z: -inf }`:                   outOfRange,
		`seq: 7 move { heading: 360 }`:              outOfRange,
		`seq: 7 move { heading: -1 }`:               outOfRange,
		`seq: 7 move { heading: nan }`:              outOfRange,
		`seq: 7 use_power_up { }`:                   outOfRange,
		`seq: 7 resolve { x: 1 }`:                   outOfRange,
		`seq: 7 resolve { treasure: "a b" }`:        outOfRange,
		`seq: 7 resolve { treasure: "t" key: "" }`:  outOfRange,
		`seq: 7 resolve { treasure: "t" x: 1e300 }`: outOfRange,
	} {
		var m document.Message
		got := ReadMessage(vocab.Protobuf, encoded(t, file, "ClientMessage", text), &m)
		if got != want || text != "" && m.Seq != 7 {
			t.Errorf("%s: %+v with %d", text, got, m.Seq)
		}
	}
}

// groups is unknown groups within each other, in hexadecimal digits.
func groups(depth int) string {
	return strings.Repeat("7b", depth) + strings.Repeat("7c", depth)
}

// move is a move with these fields, in hexadecimal digits.
func move(fields string) string {
	size := protowire.AppendVarint(nil, uint64(len(fields)/2))
	return "12" + hex.EncodeToString(size) + fields
}

// Bytes that no encoder writes. The engine answers the same.
func TestProtobufIsReadStrictly(t *testing.T) {
	good := move("09000000000000f03f")
	for _, c := range []struct {
		text string
		want *problem.Problem
	}{
		{good, nil},
		{"0801" + good, nil},
		// A key that is longer than it needs to be.
		{"880001" + good, nil},
		// 2^64 − 1, of which 32 bits count; one bit more; one byte more.
		{"08ffffffffffffffffff01" + good, nil},
		{"08ffffffffffffffffff02" + good, notProto},
		{"08ffffffffffffffffffff01" + good, notProto},
		// A number without a value, as fixed32, as bytes; a move as a number.
		{"08", notProto},
		{"0d01000000" + good, notProto},
		{"0a0101" + good, notProto},
		{"1001", notProto},
		// A length beyond the end; a field across the end of the move.
		{"120a" + good[4:], notProto},
		{"1208" + good[4:], notProto},
		{"120109", notProto},
		// Field 0; wire type 6; the largest field, and a larger one.
		{"0001" + good, notProto},
		{"0e01" + good, notProto},
		{"f8ffffff0f01" + good, nil},
		{"f8ffffff1f01" + good, notProto},
		// Unknown fields of every type, whole and cut off.
		{"7a0161" + good, nil},
		{"7a0261", notProto},
		{"7d00000000" + good, nil},
		{"7d000000", notProto},
		{"790000000000000000" + good, nil},
		{"79000000", notProto},
		{move("7801"), nil},
		{move("78"), notProto},
		// A group; one that does not end, that ends as another, an end alone; too many.
		{"7b7c" + good, nil},
		{"7b", notProto},
		{"7b6c", notProto},
		{"7c", notProto},
		{groups(100) + good, nil},
		{groups(101) + good, notProto},
		{move(groups(99)), nil},
		{move(groups(100)), notProto},
		// Twice the same action is merged, another one replaces it.
		{good + move(""), nil},
		{"1a020801" + good, nil},
		{good + "1a00", outOfRange},
		{"22030a0174" + good, nil},
		// A key that is empty; text that is not UTF-8.
		{"22050a01742a00", outOfRange},
		{"22030a01ff", notProto},
		{"22062a01ff0a0174", notProto},
	} {
		payload, err := hex.DecodeString(c.text)
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		var m document.Message
		if got := ReadMessage(vocab.Protobuf, payload, &m); got != c.want {
			t.Errorf("%s: %+v, not %+v", c.text, got, c.want)
		}
	}
}

func TestAnActionThatComesTwiceIsMerged(t *testing.T) {
	file := protoFile(t)
	both := append(encoded(t, file, "ClientMessage", `move { x: 1 y: 2 }`),
		encoded(t, file, "ClientMessage", `move { y: 3 z: 4 }`)...)
	var m document.Message
	p := ReadMessage(vocab.Protobuf, both, &m)
	if want := (vocab.Point{X: 1, Y: 3, Z: 4}); p != nil || m.Move.To != want {
		t.Errorf("%+v, %+v", m, p)
	}
	var none document.Message
	if p := ReadMessage(vocab.JSON, []byte(`{"seq":3}`), &none); p == nil || p.Fault == nil ||
		!p.Is(problem.InvalidBody) || none.Seq != 3 {
		t.Errorf("%+v", p)
	}
}

// What protobuf-go does not take as a message is not taken here. It takes more: a known field of
// another wire type is unknown to it.
func FuzzReadProto(f *testing.F) {
	file := protoFile(f)
	descriptor := file.Messages().ByName("ClientMessage")
	f.Add(encoded(f, file, "ClientMessage", `seq: 1 move { x: 1 y: 2 z: 3 heading: 4 }`))
	f.Add(encoded(f, file, "ClientMessage", `seq: 2 resolve { treasure: "t" x: 1 key: "k" }`))
	f.Add(encoded(f, file, "ClientMessage", `seq: 3 use_power_up { power_up: POWER_UP_REACH }`))
	f.Add([]byte("\x7b\x08\x01\x7c\x12\x00"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var m document.Message
		p := ReadMessage(vocab.Protobuf, payload, &m)
		message := dynamicpb.NewMessage(descriptor)
		err := proto.Unmarshal(payload, message)
		if p == notProto {
			return
		}
		if err != nil {
			t.Fatalf("%x: %+v, and protobuf-go says %v", payload, m, err)
		}
		seq := message.Get(descriptor.Fields().ByNumber(1)).Uint()
		if uint32(seq) != m.Seq {
			t.Fatalf("%x: seq %d, not %d", payload, m.Seq, seq)
		}
		action := message.WhichOneof(descriptor.Oneofs().ByName("action"))
		if p == nil && (action == nil || int(action.Number()) != int(m.Kind)+1) {
			t.Fatalf("%x: %+v, not %v", payload, m, action)
		}
	})
}

func BenchmarkReadProto(b *testing.B) {
	file := protoFile(b)
	payload := encoded(b, file, "ClientMessage", `seq: 1 move { x: 1 y: 2 z: 3 heading: 4 }`)
	var m document.Message
	b.ReportAllocs()
	for b.Loop() {
		if p := ReadMessage(vocab.Protobuf, payload, &m); p != nil {
			b.Fatal(p)
		}
	}
}

func TestALongSubMessageIsMovedUp(t *testing.T) {
	for _, size := range []int{0, 1, 127, 128, 16_383, 16_384, 3_000_000} {
		dst, start := beginMessage([]byte("before"), 4)
		dst = append(dst, bytes.Repeat([]byte{7}, size)...)
		dst = endMessage(dst, start)
		value, n := protowire.ConsumeBytes(dst[len("before")+1:])
		if n != len(dst)-len("before")-1 || len(value) != size ||
			!bytes.Equal(value, bytes.Repeat([]byte{7}, size)) {
			t.Errorf("%d bytes are read back as %d", size, len(value))
		}
	}
}
