package listen

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"treasurehunt/internal/metrics"
)

// start returns a listener on a free port, with times that a test can wait for.
func start(t *testing.T, change func(*Options)) *Listener {
	t.Helper()
	counters := metrics.NewCounters()
	options := Options{
		ConnectionsMax: 10, KeepAlive: time.Minute, HeadTimeout: time.Minute,
		WriteStall: time.Minute, Linger: time.Minute, TooMany: []byte("too many"),
		Counters: counters,
	}
	change(&options)
	listener, err := Listen("127.0.0.1:0", options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// pair connects: the client's end and ours.
func pair(t *testing.T, l *Listener) (*net.TCPConn, *Conn) {
	t.Helper()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	ours, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ours.Close() })
	return client.(*net.TCPConn), ours.(*Conn)
}

func both(t *testing.T, test func(t *testing.T, lazy bool)) {
	t.Run("eager", func(t *testing.T) { test(t, false) })
	t.Run("lazy", func(t *testing.T) { test(t, true) })
}

func TestAConnectionTooManyIsToldSoAndClosed(t *testing.T) {
	listener := start(t, func(o *Options) { o.ConnectionsMax = 1 })
	_, first := pair(t, listener)
	accepted := make(chan net.Conn)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			accepted <- conn
		}
	}()
	second, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if said, err := io.ReadAll(second); err != nil || string(said) != "too many" {
		t.Errorf("it is told %q, %v", said, err)
	}
	first.gone.Store(true)
	_ = first.Close()
	third, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	_ = (<-accepted).Close()
}

func TestNothingIsSaidToAPeerThatSendsNothing(t *testing.T) {
	both(t, func(t *testing.T, lazy bool) {
		listener := start(t, func(o *Options) {
			o.KeepAlive, o.LazyDeadlines = 30*time.Millisecond, lazy
			o.TooSlow = func() []byte { return []byte("too slow") }
		})
		_, conn := pair(t, listener)
		// What the library asks for holds from the first byte on.
		_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		began := time.Now()
		if _, err := conn.Read(make([]byte, 9)); err != io.EOF {
			t.Errorf("it ends with %v", err)
		}
		if waited := time.Since(began); waited < 25*time.Millisecond {
			t.Errorf("it ends after %v", waited)
		}
	})
}

func TestAHeadThatDoesNotComeIsAnsweredInTheLibrarysPlace(t *testing.T) {
	both(t, func(t *testing.T, lazy bool) {
		listener := start(t, func(o *Options) {
			o.HeadTimeout, o.LazyDeadlines = 20*time.Millisecond, lazy
			o.TooSlow = func() []byte { return []byte("too slow") }
		})
		client, conn := pair(t, listener)
		_, _ = client.Write([]byte("GET"))
		buf := make([]byte, 9)
		if n, err := conn.Read(buf); n != 3 || err != nil {
			t.Fatalf("read %d, %v", n, err)
		}
		if _, err := conn.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the library sees %v", err)
		}
		if _, err := conn.Write([]byte("400")); err == nil {
			t.Error("the library answers too")
		}
		_ = conn.Close()
		if said, err := io.ReadAll(client); err != nil || string(said) != "too slow" {
			t.Errorf("the peer is told %q, %v", said, err)
		}
	})
}

func TestABodyThatDoesNotComeIsItsReadersToAnswer(t *testing.T) {
	listener := start(t, func(o *Options) {
		o.TooSlow = func() []byte { return []byte("too slow") }
	})
	client, conn := pair(t, listener)
	_, _ = client.Write([]byte("head"))
	buf := make([]byte, 9)
	_, _ = conn.Read(buf)
	_ = conn.ReadBody(time.Now().Add(10 * time.Millisecond))
	if _, err := conn.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the reader sees %v", err)
	}
	if _, err := conn.Write([]byte("408")); err != nil {
		t.Errorf("it cannot answer: %v", err)
	}
	_ = conn.Close()
	if said, _ := io.ReadAll(client); string(said) != "408" {
		t.Errorf("the peer is told %q", said)
	}
}

func TestADeadlineCanBeMovedTakenBackAndHurried(t *testing.T) {
	both(t, func(t *testing.T, lazy bool) {
		listener := start(t, func(o *Options) { o.LazyDeadlines = lazy })
		client, conn := pair(t, listener)
		_, _ = client.Write([]byte("x"))
		buf := make([]byte, 1)
		_, _ = conn.Read(buf)
		after := func(d time.Duration) time.Time { return time.Now().Add(d) }
		// A later one takes the place of an earlier one, and none that of both.
		_ = conn.SetReadDeadline(after(10 * time.Millisecond))
		_ = conn.SetReadDeadline(after(time.Minute))
		_ = conn.SetReadDeadline(time.Time{})
		time.AfterFunc(40*time.Millisecond, func() { _, _ = client.Write([]byte("y")) })
		if _, err := conn.Read(buf); err != nil || buf[0] != 'y' {
			t.Fatalf("read %q, %v", buf, err)
		}
		_ = conn.SetReadDeadline(after(10 * time.Millisecond))
		if _, err := conn.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("it ends with %v", err)
		}
		// net/http ends a read of its own from another goroutine, then reads on.
		_ = conn.SetReadDeadline(after(time.Minute))
		time.AfterFunc(10*time.Millisecond, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
		if _, err := conn.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("it ends with %v", err)
		}
		_ = conn.SetReadDeadline(time.Time{})
		_, _ = client.Write([]byte("z"))
		if _, err := conn.Read(buf); err != nil || buf[0] != 'z' {
			t.Errorf("read %q, %v", buf, err)
		}
	})
}

func TestAWriteThatMakesNoProgressEnds(t *testing.T) {
	both(t, func(t *testing.T, lazy bool) {
		listener := start(t, func(o *Options) {
			o.WriteStall, o.LazyDeadlines = 30*time.Millisecond, lazy
		})
		_, conn := pair(t, listener)
		_ = conn.TCP().SetWriteBuffer(4096)
		if _, err := conn.Write(make([]byte, 8<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("it ends with %v", err)
		}
		if n := conn.Stripe().Stuck.Load(); n != 1 {
			t.Errorf("it is counted as stuck %d times", n)
		}
	})
}

func TestAWriteThatMakesProgressGoesOn(t *testing.T) {
	listener := start(t, func(o *Options) { o.WriteStall = 150 * time.Millisecond })
	client, conn := pair(t, listener)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	go func() {
		_, _ = conn.Write(sent)
		_ = conn.Close()
	}()
	var got []byte
	buf := make([]byte, 1<<18)
	for {
		// All of it takes longer than a write may stand still.
		time.Sleep(5 * time.Millisecond)
		n, err := client.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			break
		}
	}
	if !bytes.Equal(got, sent) {
		t.Errorf("%d of %d bytes came", len(got), len(sent))
	}
}

func TestTheLastAnswerIsNotLostToAPeerThatStillSends(t *testing.T) {
	listener := start(t, func(*Options) {})
	client, conn := pair(t, listener)
	_, _ = conn.Write([]byte("the end"))
	_ = conn.Close()
	for range 3 {
		if _, err := client.Write([]byte("more")); err != nil {
			t.Fatalf("the peer is reset: %v", err)
		}
		time.Sleep(2 * time.Millisecond)
	}
	if said, err := io.ReadAll(client); err != nil || string(said) != "the end" {
		t.Errorf("it reads %q, %v", said, err)
	}
	_ = client.Close()
	for range 1000 {
		if listener.Open() == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("the connection stays open when its peer has ended it")
}

func TestAPeerThatDoesNotEndIsEnded(t *testing.T) {
	listener := start(t, func(o *Options) { o.Linger = 20 * time.Millisecond })
	_, conn := pair(t, listener)
	_ = conn.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the library reads on")
	}
	for range 1000 {
		if listener.Open() == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("the connection stays open")
}

func TestRefusalsOfTheLibraryAreReworded(t *testing.T) {
	listener := start(t, func(o *Options) {
		o.Reword = func(answer []byte) []byte { return bytes.ToUpper(answer) }
	})
	client, conn := pair(t, listener)
	if n, err := conn.Write([]byte("no")); n != 2 || err != nil {
		t.Errorf("written: %d, %v", n, err)
	}
	_ = conn.Close()
	if said, _ := io.ReadAll(client); string(said) != "NO" {
		t.Errorf("the peer is told %q", said)
	}
}
