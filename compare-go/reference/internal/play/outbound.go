package play

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/gobwas/ws"

	"treasurehunt/internal/wire"
)

// phase is where a connection stands.
type phase uint8

const (
	// open: messages are answered.
	open phase = iota
	// closing: our Close frame was sent, the peer's is awaited.
	closing
	// ended: what waits is still written, and nothing that comes is looked at.
	ended
)

// outbound is what a connection has still to send. The lock is held for no longer than the socket
// takes bytes without waiting.
type outbound struct {
	mu sync.Mutex
	// pending waits to be written; flying bytes are being written by flush.
	pending *chunk
	flying  int
	// busy says that flush runs, or is about to. Nobody else writes then.
	busy bool
	// drained is told when flush has written something, and when it ends.
	drained sync.Cond
	// broken says that nothing can be written any more.
	broken bool

	phase phase
	// closeBy is when the peer must have answered our Close frame.
	closeBy time.Time
	// full is the last full frame; frames that are older are not sent.
	full *wire.Frame
	// missed says that frames were left out since, as the player is slow.
	missed bool
	// calling says that the player's own message is being answered: frames are held until the
	// answer stands before them.
	calling bool
	held    []*wire.Frame
}

func (o *outbound) waiting() int {
	if o.pending == nil {
		return 0
	}
	return len(o.pending.bytes)
}

func (o *outbound) unsent() int { return o.waiting() + o.flying }

// queue appends bytes to what waits. The lock is held.
func (p *Player) queue(bytes []byte) {
	if p.out.pending == nil {
		p.out.pending = p.hub.takeChunk()
	}
	p.out.pending.bytes = append(p.out.pending.bytes, bytes...)
}

// send writes bytes behind what waits: at once, or by flush. They are not kept. The lock is held.
func (p *Player) send(bytes []byte) {
	o := &p.out
	if o.broken {
		return
	}
	if p.raw == nil || !p.hub.inline || o.busy || o.pending != nil {
		p.queue(bytes)
		p.push()
		return
	}
	if n := p.tryWrite(bytes); n < len(bytes) && !o.broken {
		p.queue(bytes[n:])
		p.startFlush()
	}
}

// push writes what waits, as far as the socket takes it at once, and leaves the rest to flush. The
// lock is held.
func (p *Player) push() {
	o := &p.out
	if p.raw == nil || o.busy || o.broken || o.pending == nil {
		return
	}
	if p.hub.inline {
		bytes := o.pending.bytes
		n := p.tryWrite(bytes)
		if n == len(bytes) || o.broken {
			p.hub.giveChunk(o.pending)
			o.pending = nil
			return
		}
		o.pending.bytes = append(bytes[:0], bytes[n:]...)
	}
	p.startFlush()
}

// startFlush has flush write what waits. The lock is held.
func (p *Player) startFlush() {
	if p.raw == nil || p.out.busy {
		return
	}
	p.out.busy = true
	go func() {
		p.out.mu.Lock()
		defer p.out.mu.Unlock()
		p.flush()
	}()
}

// pushReplies writes what waits before the reading goroutine waits. The lock is held.
func (p *Player) pushReplies() {
	if p.hub.inline || p.out.busy || p.out.pending == nil {
		p.push()
		return
	}
	p.out.busy = true
	p.flush()
}

// tryWrite writes what the socket takes without waiting. The lock is held, and flush does not run.
func (p *Player) tryWrite(bytes []byte) int {
	p.writing, p.written = bytes, 0
	if err := p.raw.Write(p.writeOnce); err != nil {
		p.out.broken = true
	}
	p.writing = nil
	p.who.Stripe.BytesOut.Add(uint64(p.written))
	return p.written
}

func (p *Player) writeTo(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), p.writing)
		switch err {
		case nil:
			p.written = n
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			p.out.broken = true
		}
		// It never waits: what is left is for flush.
		return true
	}
}

// flush writes until nothing waits. There is at most one for a connection. The lock is held, and
// given up while it writes.
func (p *Player) flush() {
	o := &p.out
	for {
		for o.pending != nil && !o.broken {
			writing := o.pending
			o.pending, o.flying = nil, len(writing.bytes)
			o.mu.Unlock()
			left, err := p.write(writing.bytes)
			o.mu.Lock()
			if err != nil {
				p.giveUp(left, err)
			}
			o.flying = 0
			p.hub.giveChunk(writing)
			o.drained.Broadcast()
		}
		if !o.missed || o.phase != open || o.broken || !p.catchUp() {
			break
		}
	}
	_ = p.tcp.SetWriteDeadline(time.Time{})
	o.busy = false
	o.drained.Broadcast()
}

// write writes all of bytes, as long as the peer takes some within the time that it has; what is
// left where it does not.
func (p *Player) write(bytes []byte) ([]byte, error) {
	stall := milliseconds(p.hub.limits.WriteStallMs)
	for {
		if err := p.tcp.SetWriteDeadline(time.Now().Add(stall)); err != nil {
			return bytes, err
		}
		n, err := p.tcp.Write(bytes)
		p.who.Stripe.BytesOut.Add(uint64(n))
		bytes = bytes[n:]
		if err == nil || n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return bytes, err
		}
	}
}

// giveUp ends a connection that cannot be written. One that only does not take its bytes is told
// so, if it takes that. The lock is held, and given up in between.
func (p *Player) giveUp(left []byte, err error) {
	o := &p.out
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		o.broken = true
		p.wake()
		return
	}
	p.who.Stripe.Stuck.Add(1)
	last := append([]byte(nil), left...)
	if o.pending != nil {
		last = append(last, o.pending.bytes...)
		o.pending = nil
	}
	if o.phase == open {
		p.who.Stripe.FramesOut.Add(1)
		last = appendClose(last, ws.StatusPolicyViolation, tooSlow)
	}
	o.phase = ended
	o.mu.Unlock()
	_ = p.tcp.SetWriteDeadline(time.Now().Add(milliseconds(p.hub.limits.LingerMs)))
	_, err = p.tcp.Write(last)
	o.mu.Lock()
	o.broken = o.broken || err != nil
	p.wake()
}

const tooSlow = "too slow"

// awaitRoom waits while too much is unsent: the peer is not read any more until it reads.
func (p *Player) awaitRoom() {
	o := &p.out
	for o.busy && int64(o.unsent()) >= p.hub.limits.OutboundHighBytes {
		o.drained.Wait()
	}
}

// awaitWritten waits until all is written, or nothing can be. The lock is held.
func (p *Player) awaitWritten() {
	for p.out.busy {
		p.out.drained.Wait()
	}
}

// chunk is a buffer of what waits.
type chunk struct{ bytes []byte }

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// The largest buffer that is kept for later use.
const keptBytesMax = 64 * 1024

func (h *Hub) takeChunk() *chunk {
	if !h.pooled {
		return new(chunk)
	}
	return chunks.Get().(*chunk)
}

func (h *Hub) giveChunk(c *chunk) {
	if h.pooled && cap(c.bytes) <= keptBytesMax {
		c.bytes = c.bytes[:0]
		chunks.Put(c)
	}
}

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
