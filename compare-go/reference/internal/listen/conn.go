package listen

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"treasurehunt/internal/metrics"
)

// Conn is a connection as the HTTP library sees it.
type Conn struct {
	net.Conn
	tcp      *net.TCPConn
	listener *Listener
	options  *Options
	stripe   *metrics.Stripe

	reading deadline
	// When a write fails that makes no progress; in Unix nanoseconds. Of the writing goroutine.
	writeArmed int64

	// Whether bytes came since we last wrote: then the peer waits for an answer.
	heard atomic.Bool
	// Whether a body is being read, whose reader answers when it does not come in time.
	inBody atomic.Bool
	// Whether the peer has ended its stream, or takes nothing any more: there is nobody to wait
	// for.
	gone    atomic.Bool
	closing atomic.Bool
	// Whether we have answered in the library's place: it says nothing more.
	answered atomic.Bool
}

// deadline is the deadline of reading, as it was asked for and as the socket has it, in Unix
// nanoseconds; 0 is none.
type deadline struct {
	mu          sync.Mutex
	want, armed int64
	// Whether the first byte is still to come.
	fresh bool
}

// A deadline before this one ends a read that is under way: it is no time that passes.
const longAgo = int64(24 * time.Hour)

func newConn(l *Listener, tcp *net.TCPConn) *Conn {
	c := &Conn{
		Conn: tcp, tcp: tcp, listener: l, options: &l.options, stripe: l.options.Counters.Stripe(),
	}
	c.stripe.Opened.Add(1)
	c.reading.fresh = true
	_ = c.reading.arm(c, time.Now().Add(l.options.KeepAlive).UnixNano())
	return c
}

// Stripe is where what happens on the connection is counted.
func (c *Conn) Stripe() *metrics.Stripe { return c.stripe }

// TCP is the connection itself, for a reader and writer that keeps its own deadlines.
func (c *Conn) TCP() *net.TCPConn { return c.tcp }

// arm sets the deadline of the socket. The lock is held, or nobody else has the connection.
func (d *deadline) arm(c *Conn, at int64) error {
	d.want, d.armed = at, at
	if at == 0 {
		return c.tcp.SetReadDeadline(time.Time{})
	}
	return c.tcp.SetReadDeadline(time.Unix(0, at))
}

// SetReadDeadline is asked for by the library. Until the first byte has come, the time of
// keep-alive is in force.
func (c *Conn) SetReadDeadline(t time.Time) error {
	at := int64(0)
	if !t.IsZero() {
		at = t.UnixNano()
	}
	d := &c.reading
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fresh && at != 0 && at > longAgo {
		return nil
	}
	if c.options.LazyDeadlines && d.armed > longAgo && (at == 0 || at >= d.armed) {
		d.want = at
		return nil
	}
	return d.arm(c, at)
}

// SetDeadline is asked for by a library that hands the connection over.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.tcp.SetWriteDeadline(t)
}

// ReadBody says that a body is being read until a time; whoever reads it answers if it does not
// come.
func (c *Conn) ReadBody(until time.Time) error {
	c.inBody.Store(true)
	return c.SetReadDeadline(until)
}

// Read reads what has come.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		n, err := c.tcp.Read(p)
		if c.closing.Load() {
			return 0, net.ErrClosed
		}
		if n > 0 {
			c.received(n)
			return n, err
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			c.gone.Store(c.gone.Load() || err != nil)
			return n, err
		}
		if err = c.due(err); err != nil {
			return 0, err
		}
	}
}

func (c *Conn) received(n int) {
	c.stripe.BytesIn.Add(uint64(n))
	c.heard.Store(true)
	d := &c.reading
	d.mu.Lock()
	if d.fresh {
		d.fresh = false
		_ = d.arm(c, time.Now().Add(c.options.HeadTimeout).UnixNano())
	}
	d.mu.Unlock()
}

// due looks at a deadline that has passed: nil where it was not meant any more.
func (c *Conn) due(err error) error {
	d := &c.reading
	d.mu.Lock()
	fresh, want := d.fresh, d.want
	if !fresh && (want == 0 || want > time.Now().UnixNano()) {
		err = d.arm(c, want)
		d.mu.Unlock()
		return err
	}
	d.mu.Unlock()
	switch {
	case fresh:
		c.stripe.TimedOut.Add(1)
		return io.EOF
	case want <= longAgo:
		// The library has a read of its own end.
	case c.heard.Load() && !c.inBody.Load() && c.options.TooSlow != nil:
		c.stripe.TimedOut.Add(1)
		if c.answered.CompareAndSwap(false, true) {
			_ = c.writeAll(c.options.TooSlow())
		}
	default:
		c.stripe.TimedOut.Add(1)
	}
	return err
}

// Write writes all of p, as long as the peer takes some of it within the time that it has.
func (c *Conn) Write(p []byte) (int, error) {
	if c.answered.Load() {
		return 0, net.ErrClosed
	}
	c.heard.Store(false)
	c.inBody.Store(false)
	if c.options.Reword != nil {
		if err := c.writeAll(c.options.Reword(p)); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return len(p), c.writeAll(p)
}

func (c *Conn) writeAll(p []byte) error {
	for {
		if err := c.armWrite(); err != nil {
			return err
		}
		n, err := c.tcp.Write(p)
		c.stripe.BytesOut.Add(uint64(n))
		if err == nil {
			return nil
		}
		c.writeArmed = 0
		if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				c.stripe.Stuck.Add(1)
				_ = c.tcp.SetLinger(0)
			}
			c.gone.Store(true)
			return err
		}
		p = p[n:]
	}
}

// armWrite gives the next write its time. A lazy deadline is a quarter later than it need be, so
// that it is set once for many writes.
func (c *Conn) armWrite() error {
	now, stall := time.Now().UnixNano(), int64(c.options.WriteStall)
	if c.options.LazyDeadlines {
		if c.writeArmed-now >= stall {
			return nil
		}
		stall += stall / 4
	}
	c.writeArmed = now + stall
	return c.tcp.SetWriteDeadline(time.Unix(0, c.writeArmed))
}

// CloseWrite ends our stream.
func (c *Conn) CloseWrite() error { return c.tcp.CloseWrite() }

// Close ends our stream, and the connection once the peer has ended its own or has had its time:
// closing with bytes that were not read would take our last answer from a peer that still sends.
// It does not wait.
func (c *Conn) Close() error {
	if !c.closing.CompareAndSwap(false, true) {
		return net.ErrClosed
	}
	if c.gone.Load() || c.tcp.CloseWrite() != nil {
		return c.finish()
	}
	go func() {
		_ = c.tcp.SetReadDeadline(time.Now().Add(c.options.Linger))
		discard(c.tcp)
		_ = c.finish()
	}()
	return nil
}

// Abort ends the connection at once, and drops what waits to be sent.
func (c *Conn) Abort() {
	_ = c.tcp.SetLinger(0)
	c.gone.Store(true)
	_ = c.Close()
}

func (c *Conn) finish() error {
	err := c.tcp.Close()
	c.stripe.Closed.Add(1)
	c.listener.open.Add(-1)
	return err
}
