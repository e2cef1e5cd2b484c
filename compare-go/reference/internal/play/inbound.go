package play

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/gobwas/ws"

	"treasurehunt/internal/document"
)

// inbound is what a connection needs while it has bytes to look at. An idle one holds none, where
// they are pooled.
type inbound struct {
	buf [4096]byte
	// unread is what has come and was not consumed.
	unread []byte
	// consumed counts, for the width of headers.
	consumed int
	header   [ws.MaxHeaderSize]byte
	control  [ws.MaxControlFramePayloadSize]byte
	// message is what has come of a message in pieces, of the kind opcode; 0 where there is none.
	message []byte
	opcode  ws.OpCode
	text    text
	// action is a message of the player, and answer the payload that answers it.
	action document.Message
	answer []byte

	player *Player
}

var inbounds = sync.Pool{New: func() any { return new(inbound) }}

// Read is for the library: it reads what is there, and waits where nothing is.
func (in *inbound) Read(p []byte) (int, error) {
	if len(in.unread) == 0 {
		if err := in.player.fill(); err != nil {
			return 0, err
		}
	}
	return copy(p, in.take(len(p))), nil
}

// take consumes at most n bytes of what is there.
func (in *inbound) take(n int) []byte {
	n = min(n, len(in.unread))
	taken := in.unread[:n:n]
	in.unread = in.unread[n:]
	in.consumed += n
	return taken
}

func (p *Player) acquire() {
	p.in = inbounds.Get().(*inbound)
	p.in.player = p
}

func (p *Player) release() {
	in := p.in
	p.in, in.player, in.unread, in.opcode = nil, nil, nil, 0
	in.message = in.message[:0]
	if cap(in.message) > keptBytesMax || cap(in.answer) > keptBytesMax {
		in.message, in.answer = nil, nil
	}
	inbounds.Put(in)
}

// await waits for the next frame, without a buffer where they are pooled.
func (p *Player) await() error {
	if p.in == nil {
		return p.fill()
	}
	if len(p.in.unread) > 0 {
		return nil
	}
	if p.hub.pooled && p.in.opcode == 0 {
		p.release()
	}
	return p.fill()
}

// fill reads at least one byte. What was answered goes out first, since the peer may wait for it.
// Time-outs are seen to here: whoever waits for bytes does not notice them.
func (p *Player) fill() error {
	p.out.mu.Lock()
	p.pushReplies()
	p.awaitRoom()
	p.out.mu.Unlock()
	for {
		err := p.readSome()
		if err == nil {
			p.heard = time.Now()
			if p.pinged {
				p.pinged = false
				p.out.mu.Lock()
				p.arm()
				p.out.mu.Unlock()
			}
			return nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if err := p.overdue(); err != nil {
			return err
		}
	}
}

// readSome reads once.
func (p *Player) readSome() error {
	if p.hub.pooled {
		p.readErr = nil
		if err := p.raw.Read(p.readOnce); err != nil {
			return err
		}
		return p.readErr
	}
	if p.in == nil {
		p.acquire()
	}
	n, err := p.tcp.Read(p.in.buf[:])
	if n > 0 {
		p.received(n)
		return nil
	}
	return err
}

// readFrom reads if there is something; false has the runtime wait until there is. A buffer is
// taken only for as long as it takes to see that.
func (p *Player) readFrom(fd uintptr) bool {
	fresh := p.in == nil
	if fresh {
		p.acquire()
	}
	for {
		n, err := syscall.Read(int(fd), p.in.buf[:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			if fresh {
				p.release()
			}
			return false
		case err != nil:
			p.readErr = err
		case n == 0:
			p.readErr = io.EOF
		default:
			p.received(n)
		}
		return true
	}
}

func (p *Player) received(n int) {
	p.in.unread = p.in.buf[:n]
	p.who.Stripe.BytesIn.Add(uint64(n))
}
