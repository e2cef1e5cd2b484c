package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// Documents are read by encoding/json too. It is laxer: it takes bytes that are not UTF-8, halves
// of surrogate pairs, repeated fields, keys in another case, null anywhere, and other depths; and
// it knows no ranges. So what is taken here it must take, with the same values; and what it does
// not take for JSON at all must be refused here.

// agree fails where ours and encoding/json's verdict on doc cannot both be right. form is what the
// document is read into.
func agree(t *testing.T, doc []byte, fault *Fault, form any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(form)
	if err == nil {
		if _, next := decoder.Token(); !errors.Is(next, io.EOF) {
			err = errors.New("trailing bytes")
		}
	}
	if fault == nil && (err != nil || !utf8.Valid(doc)) {
		t.Fatalf("%q is taken, and encoding/json says %v", doc, err)
	}
	if fault != nil {
		checkPlace(t, doc, fault)
	}
	if fault == nil || fault.Code != Syntax && fault.Code != TrailingBytes {
		return
	}
	if json.Valid(doc) && utf8.Valid(doc) && !bytes.Contains(doc, []byte(`\u`)) &&
		bytes.Count(doc, []byte{'['})+bytes.Count(doc, []byte{'{'}) <= DepthMax {
		t.Fatalf("%q is refused as %+v, and is JSON", doc, *fault)
	}
}

// checkPlace fails where a fault is outside of its document.
func checkPlace(t *testing.T, doc []byte, fault *Fault) {
	t.Helper()
	lines := strings.Split(string(doc), "\n")
	if int(fault.Line) > len(lines) || int(fault.Column) > len(lines[fault.Line-1])+1 {
		t.Fatalf("%q: %+v is outside", doc, *fault)
	}
	if !utf8.ValidString(fault.Path) {
		t.Fatalf("%q: the path %q", doc, fault.Path)
	}
}

func FuzzReadResolve(f *testing.F) {
	f.Add([]byte(`{"treasure":"t","x":-0.5e-3,"y":1,"z":0,"key":"\u0041"}`))
	f.Add([]byte(`{"treasure":"\ud83e\udd80","x":[],`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		var form struct {
			Treasure string
			X, Y, Z  float64
			Key      string
		}
		resolve, fault := ReadResolve(doc)
		agree(t, doc, fault, &form)
		if fault == nil && (resolve.Treasure.String() != form.Treasure || resolve.At.X != form.X ||
			resolve.At.Y != form.Y || resolve.At.Z != form.Z ||
			string(resolve.Key.Bytes()) != form.Key) {
			t.Fatalf("%q: %+v, not %+v", doc, resolve, form)
		}
	})
}

func FuzzReadMessage(f *testing.F) {
	f.Add([]byte(`{"seq":1,"move":{"x":0,"y":0,"z":0,"heading":90}}`))
	f.Add([]byte(`{"use_power_up":{"power_up":"boost"},"seq":4294967295}`))
	f.Add([]byte(`{"seq":1,"resolve":{"treasure":"t","x":0,"y":0,"z":0}} `))
	f.Fuzz(func(t *testing.T, doc []byte) {
		var form struct {
			Seq        uint32
			Move       *struct{ X, Y, Z, Heading float64 }
			UsePowerUp *struct {
				PowerUp string `json:"power_up"`
			} `json:"use_power_up"`
			Resolve *struct {
				Treasure string
				X, Y, Z  float64
				Key      string
			}
		}
		var m Message
		fault := ReadMessage(doc, &m)
		agree(t, doc, fault, &form)
		if fault != nil {
			return
		}
		same := m.Seq == form.Seq
		switch m.Kind {
		case MoveAction:
			same = same && m.Move.To.X == form.Move.X && m.Move.Heading == form.Move.Heading
		case PowerUpAction:
			same = same && m.PowerUp.String() == form.UsePowerUp.PowerUp
		case ResolveAction:
			same = same && m.Resolve.Treasure.String() == form.Resolve.Treasure
		}
		if !same {
			t.Fatalf("%q: %+v, not %+v", doc, m, form)
		}
	})
}

func FuzzReadQuest(f *testing.F) {
	f.Add([]byte(questText))
	f.Add([]byte(`{"name":"Q","waypoints":[{"x":0,"y":0,"z":0,"radius":1}],"treasures":[]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		var form struct {
			Name      string
			Waypoints []struct{ X, Y, Z, Radius float64 }
			Treasures []struct {
				ID              string
				X, Y, Z, Radius float64
				OpensMs         uint32 `json:"opens_ms"`
				Supply          uint32
				Loot            struct {
					Item    string
					Points  uint32
					PowerUp *string `json:"power_up"`
				}
			}
			Rules map[string]any
		}
		quest, fault := ReadQuest(doc)
		agree(t, doc, fault, &form)
		if fault == nil && (string(quest.Name) != form.Name ||
			len(quest.Waypoints) != len(form.Waypoints) ||
			len(quest.Treasures) != len(form.Treasures)) {
			t.Fatalf("%q: %+v, not %+v", doc, quest, form)
		}
	})
}
