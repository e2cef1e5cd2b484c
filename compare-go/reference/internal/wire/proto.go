package wire

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

// The messages of hunt.v1 that the server sends, in protobuf: fields in the order of their numbers,
// those with their zero value left out (R79).
//
// Written by hand on protowire, not generated. The decoders that generators make, protobuf-go's and
// vtprotobuf's, take a known field of the wrong wire type for an unknown one, and skip it; here it
// is not well-formed protobuf, so reading is by hand in any case (proto_read.go), and what is left,
// five small messages, needs neither a compiler of protobuf nor an allocation. A test holds both
// against hunt.proto.

// Field numbers of ServerMessage.
const (
	movedField       = 1
	powerUpUsedField = 2
	resolvedField    = 3
	frameField       = 4
	refusedField     = 5
)

// Bytes of a key, a length and a sub-message that is shorter than 128 bytes come before it. What is
// longer is moved up to make room.
const lengthRoom = 1

// beginMessage appends the key of a sub-message, and room for its length.
func beginMessage(dst []byte, field protowire.Number) ([]byte, int) {
	dst = protowire.AppendTag(dst, field, protowire.BytesType)
	return append(dst, 0), len(dst) + lengthRoom
}

// endMessage writes the length of the sub-message that begins at start.
func endMessage(dst []byte, start int) []byte {
	size := len(dst) - start
	if size < 0x80 {
		dst[start-lengthRoom] = byte(size)
		return dst
	}
	room := protowire.SizeVarint(uint64(size))
	for range room - lengthRoom {
		dst = append(dst, 0)
	}
	copy(dst[start-lengthRoom+room:], dst[start:start+size])
	protowire.AppendVarint(dst[:start-lengthRoom], uint64(size))
	return dst
}

func protoUint(dst []byte, field protowire.Number, value uint32) []byte {
	if value == 0 {
		return dst
	}
	return protoSomeUint(dst, field, value)
}

// protoSomeUint is for a field with `optional` that is there.
func protoSomeUint(dst []byte, field protowire.Number, value uint32) []byte {
	dst = protowire.AppendTag(dst, field, protowire.VarintType)
	return protowire.AppendVarint(dst, uint64(value))
}

func protoDouble(dst []byte, field protowire.Number, value float64) []byte {
	if value == 0 {
		return dst
	}
	dst = protowire.AppendTag(dst, field, protowire.Fixed64Type)
	return protowire.AppendFixed64(dst, math.Float64bits(value))
}

// protoText is for a text that is there. The texts of these messages without `optional` are never
// empty.
func protoText(dst []byte, field protowire.Number, text string) []byte {
	dst = protowire.AppendTag(dst, field, protowire.BytesType)
	return protowire.AppendString(dst, text)
}

func protoID(dst []byte, field protowire.Number, id vocab.ID) []byte {
	dst = protowire.AppendTag(dst, field, protowire.BytesType)
	dst = protowire.AppendVarint(dst, uint64(id.Len()))
	return id.Append(dst)
}

func appendMovedProto(dst []byte, seq uint32, a *Moved) []byte {
	dst, start := beginMessage(dst, movedField)
	dst = protoUint(dst, 1, seq)
	dst = protoUint(dst, 2, uint32(a.Outcome))
	dst = protoDouble(dst, 3, a.At.X)
	dst = protoDouble(dst, 4, a.At.Y)
	dst = protoDouble(dst, 5, a.At.Z)
	dst = protoUint(dst, 6, a.Energy)
	return endMessage(dst, start)
}

func appendPowerUpUsedProto(dst []byte, seq uint32, a *PowerUpUsed) []byte {
	dst, start := beginMessage(dst, powerUpUsedField)
	dst = protoUint(dst, 1, seq)
	dst = protoUint(dst, 2, uint32(a.Outcome))
	dst = protoUint(dst, 3, uint32(a.PowerUp))
	dst = protoUint(dst, 4, a.ActiveMs)
	dst = protoUint(dst, 5, a.Energy)
	return endMessage(dst, start)
}

func appendResolvedProto(dst []byte, seq uint32, a *Resolved) []byte {
	dst, start := beginMessage(dst, resolvedField)
	dst = protoUint(dst, 1, seq)
	dst = protoUint(dst, 2, uint32(a.Outcome))
	if a.Loot != nil {
		inner := 0
		dst, inner = beginMessage(dst, 3)
		dst = protoID(dst, 1, a.Loot.Item)
		dst = protoUint(dst, 2, a.Loot.Points)
		// Its zero value is no power-up, so that leaving it out is the same with `optional`.
		dst = protoUint(dst, 3, uint32(a.Loot.PowerUp))
		dst = endMessage(dst, inner)
	}
	dst = protoUint(dst, 4, a.Score)
	dst = protoUint(dst, 5, a.Rank)
	return endMessage(dst, start)
}

func appendRefusedProto(dst []byte, seq uint32, p *problem.Problem) []byte {
	dst, start := beginMessage(dst, refusedField)
	dst = protoUint(dst, 1, seq)
	dst = protoText(dst, 2, p.Type)
	dst = protoText(dst, 3, p.Title)
	dst = protoUint(dst, 4, uint32(p.Status))
	if p.Detail != "" {
		dst = protoText(dst, 5, p.Detail)
	}
	if p.Fault != nil {
		dst = protoText(dst, 6, p.Fault.Path)
		dst = protoSomeUint(dst, 7, p.Fault.Line)
		dst = protoSomeUint(dst, 8, p.Fault.Column)
	}
	return endMessage(dst, start)
}

// appendFrameProto appends a frame in protobuf.
func appendFrameProto(dst []byte, s *Scene) []byte {
	dst, start := beginMessage(dst, frameField)
	dst = protoUint(dst, 1, s.Tick)
	if s.Full {
		dst = protoUint(dst, 2, 1)
	}
	dst = protoUint(dst, 3, uint32(s.State))
	dst = protoUint(dst, 4, s.RemainingMs)
	inner := 0
	for index, w := range s.waypointsInPlay {
		dst, inner = beginMessage(dst, 5)
		dst = protoUint(dst, 1, index)
		dst = protoDouble(dst, 2, w.At.X)
		dst = protoDouble(dst, 3, w.At.Y)
		dst = protoDouble(dst, 4, w.At.Z)
		dst = protoDouble(dst, 5, w.Radius)
		dst = endMessage(dst, inner)
	}
	for treasure, remaining := range s.changed {
		dst, inner = beginMessage(dst, 6)
		dst = protoID(dst, 1, treasure.ID)
		dst = protoUint(dst, 2, remaining)
		dst = endMessage(dst, inner)
	}
	for i := range s.Leaders {
		leader := &s.Leaders[i]
		dst, inner = beginMessage(dst, 7)
		dst = protoUint(dst, 1, leader.Player)
		dst = protoText(dst, 2, string(leader.Name))
		dst = protoUint(dst, 3, leader.Score)
		dst = endMessage(dst, inner)
	}
	return endMessage(dst, start)
}
