package wire

import (
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

// The message of hunt.v1 that players send, read strictly: a known field of another wire type, text
// that is not UTF-8 and groups that are nested too deep are not well-formed. Unknown fields are
// skipped. A sub-message that comes twice is merged; of two actions the last one counts.

// ReadMessage reads a message of a player into m, which it clears first. m.Seq is good after a
// refusal too, for its answer (R56). Nothing in m refers to payload.
func ReadMessage(codec vocab.Codec, payload []byte, m *document.Message) *problem.Problem {
	if codec == vocab.Protobuf {
		return readProto(payload, m)
	}
	if fault := document.ReadMessage(payload, m); fault != nil {
		return problem.InvalidBody.At(fault)
	}
	return nil
}

// Refusals of a message in protobuf: they have a detail, and no place.
var (
	notProto   = problem.InvalidBody.Because("not well-formed protobuf")
	noAction   = problem.InvalidBody.Because(document.MissingField.Detail())
	outOfRange = problem.InvalidBody.Because(document.OutOfRange.Detail())
)

// How many groups may be nested: what protobuf libraries agree on.
const groupDepthMax = 100

// A message whose values were not looked at yet.
type protoMessage struct {
	seq      uint32
	kind     document.ActionKind
	x, y, z  float64
	heading  float64
	powerUp  int32
	treasure []byte
	key      []byte
	hasKey   bool
}

func readProto(payload []byte, m *document.Message) *problem.Problem {
	*m = document.Message{}
	var raw protoMessage
	if !raw.read(payload) {
		return notProto
	}
	m.Seq = raw.seq
	return raw.check(m)
}

// check fills the action of m.
func (raw *protoMessage) check(m *document.Message) *problem.Problem {
	// Adding 0 turns −0 into 0 and changes nothing else.
	at := vocab.Point{X: raw.x + 0, Y: raw.y + 0, Z: raw.z + 0}
	isPlace := document.IsCoordinate(at.X) && document.IsCoordinate(at.Y) &&
		document.IsCoordinate(at.Z)
	ok := false
	switch raw.kind {
	case document.NoAction:
		return noAction
	case document.MoveAction:
		m.Move = document.Move{To: at, Heading: raw.heading + 0}
		ok = isPlace && document.IsHeading(raw.heading)
	case document.PowerUpAction:
		ok = raw.powerUp >= int32(vocab.Boost) && raw.powerUp <= int32(vocab.Double)
		m.PowerUp = vocab.PowerUp(raw.powerUp)
	case document.ResolveAction:
		m.Resolve.At = at
		m.Resolve.Treasure, ok = vocab.ParseID(raw.treasure)
		if ok = ok && isPlace; ok && raw.hasKey {
			m.Resolve.Key, ok = vocab.ParseKey(raw.key)
		}
	}
	if !ok {
		return outOfRange
	}
	m.Kind = raw.kind
	return nil
}

func (raw *protoMessage) read(payload []byte) bool {
	p := protoReader{bytes: payload, depth: groupDepthMax}
	for p.next() {
		switch p.field {
		case 1:
			raw.seq = uint32(p.varint())
		case 2:
			raw.readAction(&p, document.MoveAction)
		case 3:
			raw.readAction(&p, document.PowerUpAction)
		case 4:
			raw.readAction(&p, document.ResolveAction)
		default:
			p.skip(p.depth)
		}
	}
	return !p.failed
}

// readAction reads the sub-message of an action. Another action than the one before replaces it.
func (raw *protoMessage) readAction(outer *protoReader, kind document.ActionKind) {
	if raw.kind != kind {
		*raw = protoMessage{seq: raw.seq, kind: kind}
	}
	p := protoReader{bytes: outer.bytesValue(), depth: outer.depth - 1}
	for p.next() {
		switch kind {
		case document.MoveAction:
			raw.readMoveField(&p)
		case document.PowerUpAction:
			raw.readPowerUpField(&p)
		case document.ResolveAction:
			raw.readResolveField(&p)
		}
	}
	outer.failed = outer.failed || p.failed
}

func (raw *protoMessage) readMoveField(p *protoReader) {
	switch p.field {
	case 1:
		raw.x = p.double()
	case 2:
		raw.y = p.double()
	case 3:
		raw.z = p.double()
	case 4:
		raw.heading = p.double()
	default:
		p.skip(p.depth)
	}
}

func (raw *protoMessage) readPowerUpField(p *protoReader) {
	switch p.field {
	case 1:
		raw.powerUp = int32(p.varint())
	default:
		p.skip(p.depth)
	}
}

func (raw *protoMessage) readResolveField(p *protoReader) {
	switch p.field {
	case 1:
		raw.treasure = p.text()
	case 2:
		raw.x = p.double()
	case 3:
		raw.y = p.double()
	case 4:
		raw.z = p.double()
	case 5:
		raw.key, raw.hasKey = p.text(), true
	default:
		p.skip(p.depth)
	}
}

// A protoReader reads the fields of one message. After the first that is not well-formed it has
// failed, and reads no more.
type protoReader struct {
	bytes []byte
	field protowire.Number
	wire  protowire.Type
	// How many groups may be nested.
	depth  int
	failed bool
}

// next reads the key of the next field, and says whether there is one.
func (p *protoReader) next() bool {
	if len(p.bytes) == 0 {
		return false
	}
	key := p.consumeVarint()
	if key > math.MaxUint32 || key>>3 == 0 || key&7 > uint64(protowire.Fixed32Type) {
		p.fail()
	}
	p.field, p.wire = protowire.Number(key>>3), protowire.Type(key&7)
	return !p.failed
}

func (p *protoReader) varint() uint64 {
	p.expect(protowire.VarintType)
	return p.consumeVarint()
}

func (p *protoReader) double() float64 {
	p.expect(protowire.Fixed64Type)
	bits, n := protowire.ConsumeFixed64(p.bytes)
	p.advance(n)
	return math.Float64frombits(bits)
}

func (p *protoReader) bytesValue() []byte {
	p.expect(protowire.BytesType)
	value, n := protowire.ConsumeBytes(p.bytes)
	p.advance(n)
	return value
}

func (p *protoReader) text() []byte {
	text := p.bytesValue()
	if !utf8.Valid(text) {
		p.fail()
	}
	return text
}

// skip passes over the value of an unknown field, within which depth groups may be nested.
func (p *protoReader) skip(depth int) {
	if depth == 0 {
		p.fail()
		return
	}
	switch p.wire {
	case protowire.VarintType:
		p.consumeVarint()
	case protowire.Fixed32Type:
		_, n := protowire.ConsumeFixed32(p.bytes)
		p.advance(n)
	case protowire.Fixed64Type:
		_, n := protowire.ConsumeFixed64(p.bytes)
		p.advance(n)
	case protowire.BytesType:
		p.bytesValue()
	case protowire.StartGroupType:
		p.skipGroup(depth)
	default:
		p.fail()
	}
}

// skipGroup passes over a group up to its end, which has the same number.
func (p *protoReader) skipGroup(depth int) {
	group := p.field
	for p.next() {
		if p.wire == protowire.EndGroupType {
			if p.field != group {
				p.fail()
			}
			return
		}
		p.skip(depth - 1)
	}
	p.fail()
}

func (p *protoReader) consumeVarint() uint64 {
	value, n := protowire.ConsumeVarint(p.bytes)
	p.advance(n)
	return value
}

// advance takes n bytes; a negative n, as protowire returns it, is a failure.
func (p *protoReader) advance(n int) {
	if n < 0 {
		p.fail()
		return
	}
	p.bytes = p.bytes[n:]
}

func (p *protoReader) expect(wire protowire.Type) {
	if p.wire != wire {
		p.fail()
	}
}

// fail ends the reading: nothing is left to read.
func (p *protoReader) fail() {
	p.failed = true
	p.bytes = nil
}
