package play

import (
	"errors"
	"time"

	"github.com/gobwas/ws"
)

// Why a connection ends, beside errors of reading and violations.
var (
	// errClosed: the peer has sent its Close frame.
	errClosed = errors.New("the peer has closed")
	// errOverdue: the peer did not do in time what it had to.
	errOverdue = errors.New("the peer is overdue")
)

// beginClose begins the closing handshake, unless the connection is ending already.
func (p *Player) beginClose(code ws.StatusCode, reason string) {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	p.closeWith(code, reason)
}

// closeWith begins the closing handshake. The lock is held.
func (p *Player) closeWith(code ws.StatusCode, reason string) {
	o := &p.out
	if o.phase != open {
		return
	}
	var frame [2 + ws.MaxControlFramePayloadSize]byte
	p.who.Stripe.FramesOut.Add(1)
	p.send(appendClose(frame[:0], code, reason))
	o.phase = closing
	o.closeBy = time.Now().Add(milliseconds(p.hub.limits.CloseMs))
	p.arm()
}

// arm sets the time until which the reading goroutine waits. The lock is held.
func (p *Player) arm() {
	if p.tcp == nil {
		return
	}
	until := p.out.closeBy
	if p.out.phase == open {
		wait := p.hub.limits.PingMs
		if p.pinged {
			wait = p.hub.limits.IdleMs
		}
		until = p.heard.Add(milliseconds(wait))
	}
	_ = p.tcp.SetReadDeadline(until)
}

// wake has the reading goroutine look what has become of the connection. The lock is held.
func (p *Player) wake() {
	p.out.closeBy = time.Now()
	_ = p.tcp.SetReadDeadline(p.out.closeBy)
}

// overdue sees to a peer of which nothing was heard until a time.
func (p *Player) overdue() error {
	o := &p.out
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	silent := now.Sub(p.heard)
	switch {
	case o.broken || o.phase != open && !now.Before(o.closeBy):
		if !o.broken && o.phase == closing {
			p.who.Stripe.TimedOut.Add(1)
		}
		return errOverdue
	case o.phase != open:
	case silent >= milliseconds(p.hub.limits.IdleMs):
		p.who.Stripe.TimedOut.Add(1)
		p.closeWith(ws.StatusGoingAway, "idle")
	case silent >= milliseconds(p.hub.limits.PingMs) && !p.pinged:
		p.pinged = true
		p.who.Stripe.FramesOut.Add(1)
		p.send(ws.CompiledPing)
	}
	p.arm()
	return nil
}

// end ends the connection, for a reason of the reading goroutine: with a Close frame where none was
// sent and the peer is there to read it.
func (p *Player) end(reason error) {
	o := &p.out
	o.mu.Lock()
	defer o.mu.Unlock()
	p.settle()
	var broken violation
	var frame [2 + ws.MaxControlFramePayloadSize]byte
	switch {
	case errors.As(reason, &broken):
		p.who.Stripe.ProtocolErrors.Add(1)
		p.endWith(appendClose(frame[:0], ws.StatusCode(broken), ""))
	case errors.Is(reason, errClosed):
		p.endWith(appendClose(frame[:0], p.peerCode, ""))
	case errors.Is(reason, errOverdue) && o.phase == closing:
		o.broken = true
	}
	o.phase = ended
	p.push()
	p.awaitWritten()
	if o.broken {
		p.conn.Abort()
	} else {
		_ = p.conn.Close()
	}
}

// endWith sends the last frame, unless our Close frame was sent. The lock is held.
func (p *Player) endWith(frame []byte) {
	if p.out.phase == open {
		p.who.Stripe.FramesOut.Add(1)
		p.send(frame)
	}
}
