package play

import (
	"time"

	"github.com/gobwas/ws"

	"treasurehunt/internal/wire"
)

// Deliver takes a frame from the game.
func (p *Player) Deliver(frame *wire.Frame) {
	o := &p.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.calling {
		o.held = append(o.held, frame)
		return
	}
	p.broadcast(frame)
}

// deliverHeld sends the frames that came while a message was answered. The lock is held.
func (p *Player) deliverHeld() {
	o := &p.out
	for i, frame := range o.held {
		p.broadcast(frame)
		o.held[i] = nil
	}
	o.held = o.held[:0]
}

// broadcast sends a frame, or leaves it out where the player is slow. The lock is held.
func (p *Player) broadcast(frame *wire.Frame) {
	o := &p.out
	if o.phase != open || o.full != nil && frame.IsBefore(o.full) {
		return
	}
	message := frame.Message(p.who.Codec)
	if o.full == nil {
		o.full = frame
		p.sendFrame(message)
	} else if !o.missed && p.hasRoom(len(message)) {
		p.sendFrame(message)
	} else {
		p.who.Stripe.Conflated.Add(1)
		if !o.missed {
			p.who.Stripe.Slow.Add(1)
		}
		o.missed = true
		// It ends with a full frame.
		p.startFlush()
	}
	if frame.Ended {
		p.closeWith(ws.StatusNormalClosure, "hunt ended")
	}
}

// hasRoom says whether a broadcast can be sent: its player is not slow, and it does not take the
// player over what ends a connection.
func (p *Player) hasRoom(bytes int) bool {
	unsent, limits := int64(p.out.unsent()), p.hub.limits
	return unsent < limits.OutboundHighBytes && unsent+int64(bytes) <= limits.OutboundBytesMax
}

func (p *Player) sendFrame(message []byte) {
	p.who.Stripe.Broadcasts.Add(1)
	p.who.Stripe.FramesOut.Add(1)
	p.send(message)
}

// catchUp queues a full frame in place of those that were left out (R60); false where there is
// none. It is for flush. The lock is held, and given up in between: the game may be delivering.
func (p *Player) catchUp() bool {
	o := &p.out
	o.mu.Unlock()
	full := p.watch.FullFrame(time.Now().UnixMilli())
	o.mu.Lock()
	p.settle()
	if full == nil || o.phase != open {
		return false
	}
	o.full = full
	p.who.Stripe.Broadcasts.Add(1)
	p.who.Stripe.FramesOut.Add(1)
	p.queue(full.Message(p.who.Codec))
	return true
}

// settle says that the player is not slow any more. The lock is held.
func (p *Player) settle() {
	if p.out.missed {
		p.who.Stripe.Settled.Add(1)
		p.out.missed = false
	}
}
