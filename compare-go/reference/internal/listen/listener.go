// Package listen accepts connections and bounds what a peer can do to one: how many there are, how
// long the first byte, a head and a write may take, and how long the end. It is a listener and a
// connection like any other to the HTTP library above it, and knows no HTTP but two fixed answers.
package listen

import (
	"errors"
	"net"
	"sync/atomic"
	"time"

	"treasurehunt/internal/metrics"
)

// Options are what the connections of a listener have in common.
type Options struct {
	// ConnectionsMax is how many may be open at once.
	ConnectionsMax int64
	// KeepAlive is for how long a connection may be open before its first byte comes.
	KeepAlive time.Duration
	// HeadTimeout is how long the head of the first request may take from its first byte on. The
	// later ones are the library's to time.
	HeadTimeout time.Duration
	// WriteStall is for how long a write may make no progress.
	WriteStall time.Duration
	// Linger is how long the peer may take to end its stream after we ended ours.
	Linger time.Duration
	// LazyDeadlines leaves a deadline of reading where it is until it fires, and looks then whether
	// it was meant to be later.
	LazyDeadlines bool
	// TooMany is what a connection is told that is one too many.
	TooMany []byte
	// TooSlow is what a peer is told whose head does not come in time, for a library that says
	// nothing then; nil for one that does.
	TooSlow func() []byte
	// Reword returns what is sent in place of a refusal that the library wrote by itself, or the
	// same; nil to leave all as it is.
	Reword func(answer []byte) []byte
	// Counters are where all is counted.
	Counters *metrics.Counters
}

// Listener accepts the connections of players, or of operators.
type Listener struct {
	tcp     *net.TCPListener
	options Options
	open    atomic.Int64
	// Connections that are being told that they are too many.
	refused atomic.Int64
}

// Pauses after an error of accepting, such as too many open files.
const (
	pauseMin = 5 * time.Millisecond
	pauseMax = 100 * time.Millisecond
)

// How long a connection that is one too many is kept open, so that its peer can read why, and how
// many are.
const (
	refusedLinger = 500 * time.Millisecond
	refusedMax    = 128
)

// Listen binds an address. Its connections have no TCP keep-alive: the time-outs of HTTP and of
// WebSocket notice a peer that is gone.
func Listen(addr string, options Options) (*Listener, error) {
	resolved, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	tcp, err := net.ListenTCP("tcp", resolved)
	if err != nil {
		return nil, err
	}
	return &Listener{tcp: tcp, options: options}, nil
}

// Addr is where it listens.
func (l *Listener) Addr() net.Addr { return l.tcp.Addr() }

// Close stops accepting. Connections that are open stay.
func (l *Listener) Close() error { return l.tcp.Close() }

// Open is how many connections are open.
func (l *Listener) Open() int64 { return l.open.Load() }

// Accept returns the next connection, a [*Conn]. It fails only once the listener is closed.
func (l *Listener) Accept() (net.Conn, error) {
	pause := pauseMin
	for {
		tcp, err := l.tcp.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			l.options.Counters.AcceptErrors.Add(1)
			time.Sleep(pause)
			pause = min(2*pause, pauseMax)
			continue
		}
		pause = pauseMin
		if l.open.Add(1) > l.options.ConnectionsMax {
			l.open.Add(-1)
			l.refuse(tcp)
			continue
		}
		return newConn(l, tcp), nil
	}
}

// refuse tells a peer that it is one too many, unless too many are being told so.
func (l *Listener) refuse(tcp *net.TCPConn) {
	l.options.Counters.Stripe().Refused.Add(1)
	if l.refused.Add(1) > refusedMax {
		l.refused.Add(-1)
		_ = tcp.Close()
		return
	}
	go func() {
		defer l.refused.Add(-1)
		_ = tcp.SetDeadline(time.Now().Add(refusedLinger))
		if _, err := tcp.Write(l.options.TooMany); err == nil && tcp.CloseWrite() == nil {
			discard(tcp)
		}
		_ = tcp.Close()
	}()
}

// discard reads until the peer ends its stream, or the deadline passes.
func discard(tcp *net.TCPConn) {
	var buf [512]byte
	for {
		if _, err := tcp.Read(buf[:]); err != nil {
			return
		}
	}
}
