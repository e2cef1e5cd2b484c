package play

import (
	"net"
	"syscall"
	"time"

	"github.com/gobwas/ws"

	"treasurehunt/internal/document"
	"treasurehunt/internal/game"
	"treasurehunt/internal/listen"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// Player is one connection that plays and watches.
type Player struct {
	hub   *Hub
	who   Who
	watch *game.Watch
	out   outbound

	conn *listen.Conn
	tcp  *net.TCPConn
	raw  syscall.RawConn
	// What raw calls, made once, and what it comes to.
	readOnce, writeOnce func(fd uintptr) bool
	writing             []byte
	written             int
	readErr             error

	// The rest is of the reading goroutine.
	in *inbound
	// heard is when the peer last sent a byte; pinged says that it was asked for one since.
	heard  time.Time
	pinged bool
	// peerCode is the code of the peer's Close frame.
	peerCode ws.StatusCode
}

// Abandon drops a player whose connection could not be had.
func (p *Player) Abandon() {
	p.watch.Leave()
	p.hub.remove(p)
}

// Run speaks WebSocket over a connection until it ends. head, the answer to the handshake, is
// written before everything else; early is what came behind the handshake, and is kept.
func (p *Player) Run(conn *listen.Conn, head, early []byte) {
	p.who.Stripe.Upgraded.Add(1)
	p.begin(conn, head, early)
	reason := p.read()
	p.watch.Leave()
	p.end(reason)
	if p.in != nil {
		p.release()
	}
	p.hub.remove(p)
	p.who.Stripe.Left.Add(1)
}

func (p *Player) begin(conn *listen.Conn, head, early []byte) {
	if len(early) > 0 {
		p.acquire()
		p.in.unread = early
	}
	o := &p.out
	o.mu.Lock()
	defer o.mu.Unlock()
	p.conn, p.tcp, p.heard = conn, conn.TCP(), time.Now()
	p.readOnce, p.writeOnce = p.readFrom, p.writeTo
	_ = p.tcp.SetWriteDeadline(time.Time{})
	raw, err := p.tcp.SyscallConn()
	if err != nil {
		o.broken = true
		return
	}
	p.raw = raw
	// The first frame waits already: the answer goes before it.
	frames := o.pending
	o.pending = nil
	p.queue(head)
	if frames != nil {
		p.queue(frames.bytes)
	}
	p.arm()
	p.push()
	if o.missed {
		p.startFlush()
	}
}

// read reads and answers frames until the connection ends, and says why.
func (p *Player) read() error {
	for {
		if err := p.await(); err != nil {
			return err
		}
		h, err := p.in.readHeader()
		if err != nil {
			return err
		}
		if err = p.readFrame(h); err != nil {
			return err
		}
	}
}

func (p *Player) readFrame(h ws.Header) error {
	if !h.OpCode.IsControl() {
		payload, opcode, err := p.in.readData(h, p.hub.limits.MessageBytesMax)
		p.who.Stripe.FramesIn.Add(1)
		if err != nil || opcode == 0 {
			return err
		}
		return p.receive(opcode, payload)
	}
	payload, err := p.in.readControl(h)
	if err != nil {
		return err
	}
	p.who.Stripe.FramesIn.Add(1)
	switch h.OpCode {
	case ws.OpPing:
		p.reply(ws.OpPong, payload)
	case ws.OpClose:
		if p.peerCode, err = closeOf(payload); err != nil {
			return err
		}
		return errClosed
	}
	return nil
}

// receive answers a message of the player.
func (p *Player) receive(opcode ws.OpCode, payload []byte) error {
	if opcode != opcodes[p.who.Codec] {
		return errUnsupported
	}
	o := &p.out
	o.mu.Lock()
	if o.phase != open {
		o.mu.Unlock()
		return nil
	}
	o.calling = true
	o.mu.Unlock()
	p.in.answer = p.answer(p.in.answer[:0], payload)
	p.reply(opcode, p.in.answer)
	return nil
}

var opcodes = [vocab.CodecCount]ws.OpCode{vocab.JSON: ws.OpText, vocab.Protobuf: ws.OpBinary}

// reply queues an answer, unless our Close frame was sent. It is written when there is nothing more
// to read, or much to write.
func (p *Player) reply(opcode ws.OpCode, payload []byte) {
	o := &p.out
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calling = false
	if o.phase == open && !o.broken {
		p.who.Stripe.FramesOut.Add(1)
		if o.pending == nil {
			o.pending = p.hub.takeChunk()
		}
		o.pending.bytes = appendFrame(o.pending.bytes, opcode, payload)
		if len(o.pending.bytes) >= keptBytesMax/2 {
			p.push()
			p.awaitRoom()
		}
	}
	p.deliverHeld()
}

// answer appends the payload that answers a message.
func (p *Player) answer(dst, payload []byte) []byte {
	hub, codec, action := p.hub, p.who.Codec, &p.in.action
	refusal := wire.ReadMessage(codec, payload, action)
	if refusal != nil {
		return hub.encoder.RefusedMessage(dst, codec, action.Seq, refusal)
	}
	nowMs, seq := time.Now().UnixMilli(), action.Seq
	switch action.Kind {
	case document.MoveAction:
		var moved wire.Moved
		moved, refusal = hub.world.Move(nowMs, p.who.Hunt, p.who.Player, &action.Move)
		if refusal == nil {
			return hub.encoder.MovedMessage(dst, codec, seq, &moved)
		}
	case document.PowerUpAction:
		var used wire.PowerUpUsed
		used, refusal = hub.world.UsePowerUp(nowMs, p.who.Hunt, p.who.Player, action.PowerUp)
		if refusal == nil {
			return hub.encoder.PowerUpMessage(dst, codec, seq, &used)
		}
	case document.ResolveAction:
		var resolved wire.Resolved
		resolved, refusal = hub.world.Resolve(nowMs, p.who.Hunt, p.who.Player, &action.Resolve)
		if refusal == nil {
			return hub.encoder.ResolvedMessage(dst, codec, seq, &resolved)
		}
	default:
		refusal = problem.Internal
	}
	return hub.encoder.RefusedMessage(dst, codec, seq, refusal)
}
