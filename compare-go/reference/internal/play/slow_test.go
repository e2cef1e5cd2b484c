package play

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"treasurehunt/internal/config"
	"treasurehunt/internal/document"
	"treasurehunt/internal/game"
	"treasurehunt/internal/listen"
	"treasurehunt/internal/metrics"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// stage is a hub with a hunt whose frames have some 4 KB, and a clock of its own that runs ahead.
type stage struct {
	*Hub
	t        *testing.T
	listener *listen.Listener
	hunt     vocab.ID
	nowMs    int64
}

func newStage(t *testing.T, tuning config.Tuning, change func(*config.Limits)) *stage {
	t.Helper()
	limits := config.DefaultLimits()
	limits.OutboundHighBytes, limits.OutboundBytesMax = 4096, 65_536
	change(&limits)
	counters := metrics.NewCounters()
	listener, err := listen.Listen("127.0.0.1:0", listen.Options{
		ConnectionsMax: 100, KeepAlive: time.Minute, WriteStall: time.Minute,
		Linger: milliseconds(limits.LingerMs), Counters: counters,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	world := game.NewWorld(game.Limits{QuestsMax: 1, HuntsMax: 1, EndedKeepMs: 1000}, wire.Append)
	s := &stage{
		Hub: NewHub(world, wire.Append, &limits, tuning, counters), t: t, listener: listener,
		nowMs: time.Now().UnixMilli(),
	}
	s.hunt, _ = vocab.ParseID("h")
	waypoints := strings.Repeat(`{"x":1000000,"y":1000000,"z":1000000,"radius":5},`, 64)
	quest := `{"name":"Q","waypoints":[` + strings.TrimSuffix(waypoints, ",") +
		`],"treasures":[{"id":"t","x":0,"y":0,"z":0,"radius":5,"loot":{"item":"i","points":1}}],` +
		`"rules":{"duration_ms":86400000,"waypoints_in_play":64}}`
	if _, p := world.PublishQuest(s.hunt, []byte(quest)); p != nil {
		t.Fatal(p.Title)
	}
	order := document.Hunt{Quest: s.hunt, Capacity: 100}
	if _, p := world.StartHunt(s.nowMs, s.hunt, &order); p != nil {
		t.Fatal(p.Title)
	}
	return s
}

// watch joins a player and has it watch over a connection whose buffers are small.
func (s *stage) watch() (*net.TCPConn, *Player) {
	s.t.Helper()
	client, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = client.Close() })
	conn, err := s.listener.Accept()
	if err != nil {
		s.t.Fatal(err)
	}
	_ = client.(*net.TCPConn).SetReadBuffer(4096)
	_ = conn.(*listen.Conn).TCP().SetWriteBuffer(4096)
	ref, p := s.world.Join(s.nowMs, s.hunt, "Ada")
	if p != nil {
		s.t.Fatal(p.Title)
	}
	player, p := s.Open(s.nowMs, Who{s.hunt, ref, vocab.JSON, conn.(*listen.Conn).Stripe()})
	if p != nil {
		s.t.Fatal(p.Title)
	}
	go player.Run(conn.(*listen.Conn), nil, nil)
	return client.(*net.TCPConn), player
}

// tick makes the next broadcast.
func (s *stage) tick() {
	s.nowMs += game.BroadcastMs
	s.world.Tick(s.nowMs, 0, 1)
}

// frame is what a test looks at in a broadcast.
type frame struct {
	Frame struct {
		Tick int  `json:"tick"`
		Full bool `json:"full"`
	} `json:"frame"`
}

// next reads a broadcast, or the Close frame in its place.
func (s *stage) next(client net.Conn) (f frame, closed string) {
	s.t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	opcode, payload := s.read(client)
	if opcode == ws.OpClose {
		code, reason := ws.ParseCloseFrameData(payload)
		return f, fmt.Sprintf("%d %s", code, reason)
	}
	if err := json.Unmarshal(payload, &f); err != nil {
		s.t.Fatalf("%q: %v", payload, err)
	}
	return f, ""
}

// read reads a frame.
func (s *stage) read(client net.Conn) (ws.OpCode, []byte) {
	s.t.Helper()
	h, err := ws.ReadHeader(client)
	if err != nil {
		s.t.Fatal(err)
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(client, payload); err != nil {
		s.t.Fatal(err)
	}
	return h.OpCode, payload
}

func eachTuning(t *testing.T, test func(t *testing.T, tuning config.Tuning)) {
	for _, tuning := range []config.Tuning{config.Untuned, config.Tuned} {
		t.Run(tuning.String(), func(t *testing.T) { test(t, tuning) })
	}
}

func TestASlowPlayerGetsTheLatestFrameInPlaceOfAllMissedOnes(t *testing.T) {
	eachTuning(t, func(t *testing.T, tuning config.Tuning) {
		s := newStage(t, tuning, func(*config.Limits) {})
		client, player := s.watch()
		stripe := player.who.Stripe
		s.stall(player, func() bool { return stripe.Conflated.Load() >= 20 })
		player.out.mu.Lock()
		if unsent := player.out.unsent(); int64(unsent) > s.limits.OutboundBytesMax {
			t.Errorf("%d bytes wait", unsent)
		}
		player.out.mu.Unlock()
		missed := s.lastTick()
		last, full, gaps := -1, 0, 0
		for last < missed+3 {
			f, closed := s.next(client)
			if closed != "" {
				t.Fatalf("the player is closed: %s", closed)
			}
			tick := f.Frame.Tick
			if f.Frame.Full {
				full++
			}
			if tick > last+1 {
				gaps++
			}
			// Whatever was left out, a full frame makes up for it.
			if tick <= last || tick > last+1 && !f.Frame.Full {
				t.Errorf("tick %d, full %v, after tick %d", tick, f.Frame.Full, last)
			}
			if last = tick; last >= missed {
				s.tick()
			}
		}
		if full < 2 || gaps == 0 || stripe.Slow.Load() != stripe.Settled.Load() {
			t.Errorf("%d full frames, %d gaps; %d times slow, %d times not any more",
				full, gaps, stripe.Slow.Load(), stripe.Settled.Load())
		}
	})
}

// stall makes broadcasts until a player that takes nothing has got so far, and its socket is full.
func (s *stage) stall(player *Player, done func() bool) {
	s.t.Helper()
	for range 5000 {
		s.tick()
		time.Sleep(time.Millisecond)
		if done() {
			return
		}
	}
	s.t.Fatalf("%d conflated, %d stuck", player.who.Stripe.Conflated.Load(),
		player.who.Stripe.Stuck.Load())
}

// lastTick is the number of the last broadcast.
func (s *stage) lastTick() int {
	status, p := s.world.Status(s.nowMs, s.hunt)
	if p != nil {
		s.t.Fatal(p.Title)
	}
	return int(status.Tick)
}

func TestAPlayerThatTakesNothingIsToldSoAndEnded(t *testing.T) {
	eachTuning(t, func(t *testing.T, tuning config.Tuning) {
		s := newStage(t, tuning, func(l *config.Limits) { l.WriteStallMs = 50 })
		client, player := s.watch()
		s.stall(player, func() bool { return player.who.Stripe.Stuck.Load() > 0 })
		for {
			// What was on its way comes first.
			if _, closed := s.next(client); closed != "" {
				if closed != "1008 too slow" {
					t.Errorf("it is told %q", closed)
				}
				break
			}
		}
		_ = client.Close()
		s.awaitGone()
	})
}

// awaitGone waits until no player is left.
func (s *stage) awaitGone() {
	s.t.Helper()
	for range 5000 {
		if s.count() == 0 && s.listener.Open() == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	s.t.Error("the connection stays")
}

func TestAPlayerThatDoesNotTakeThatEitherIsGone(t *testing.T) {
	eachTuning(t, func(t *testing.T, tuning config.Tuning) {
		s := newStage(t, tuning, func(l *config.Limits) { l.WriteStallMs, l.LingerMs = 50, 20 })
		_, player := s.watch()
		s.stall(player, func() bool { return player.who.Stripe.Stuck.Load() > 0 })
		s.awaitGone()
	})
}

func TestASlowPlayerDoesNotHoldUpTheOthers(t *testing.T) {
	eachTuning(t, func(t *testing.T, tuning config.Tuning) {
		s := newStage(t, tuning, func(*config.Limits) {})
		_, slow := s.watch()
		s.stall(slow, func() bool { return slow.who.Stripe.Conflated.Load() > 20 })
		client, _ := s.watch()
		first, _ := s.next(client)
		for i := range 20 {
			s.tick()
			if f, closed := s.next(client); closed != "" || f.Frame.Tick != first.Frame.Tick+i+1 {
				t.Fatalf("tick %d, %s, after %d", f.Frame.Tick, closed, first.Frame.Tick)
			}
		}
	})
}

func TestADrainTellsPlayersOneAfterTheOther(t *testing.T) {
	eachTuning(t, func(t *testing.T, tuning config.Tuning) {
		s := newStage(t, tuning, func(*config.Limits) {})
		var clients []*net.TCPConn
		for range 3 {
			client, _ := s.watch()
			clients = append(clients, client)
		}
		done := make(chan struct{})
		go func() {
			s.Drain(context.Background(), 60*time.Millisecond)
			close(done)
		}()
		for _, client := range clients {
			for {
				if _, closed := s.next(client); closed != "" {
					if closed != "1001 server is going away" {
						t.Errorf("told %q", closed)
					}
					break
				}
			}
			// A Close frame of a client, with a mask of zeros.
			_, _ = client.Write([]byte("\x88\x82\x00\x00\x00\x00\x03\xe9"))
		}
		<-done
	})
}

func TestAPeerThatDoesNotAnswerACloseIsGone(t *testing.T) {
	eachTuning(t, func(t *testing.T, tuning config.Tuning) {
		s := newStage(t, tuning, func(l *config.Limits) { l.CloseMs = 30 })
		_, player := s.watch()
		player.beginClose(ws.StatusGoingAway, "idle")
		s.awaitGone()
		if n := player.who.Stripe.TimedOut.Load(); n != 1 {
			t.Errorf("it is counted as timed out %d times", n)
		}
	})
}

func TestAnIdlePlayerHoldsNoBuffer(t *testing.T) {
	s := newStage(t, config.Tuned, func(*config.Limits) {})
	client, player := s.watch()
	_, _ = s.next(client)
	// A ping in two pieces, so that a buffer is held in between.
	for _, piece := range []string{"\x89\x81\x00", "\x00\x00\x00x"} {
		if _, err := client.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if opcode, payload := s.read(client); opcode != ws.OpPong || string(payload) != "x" {
		t.Fatalf("answered with %d %q", opcode, payload)
	}
	time.Sleep(20 * time.Millisecond)
	player.out.mu.Lock()
	pending := player.out.pending
	player.out.mu.Unlock()
	if pending != nil {
		t.Error("a buffer of replies is kept")
	}
	_ = client.Close()
	s.awaitGone()
	if player.in != nil {
		t.Error("a buffer of reading is kept")
	}
}

func TestAFrameThatIsOlderThanTheFullOneIsNotSent(t *testing.T) {
	s := newStage(t, config.Tuned, func(*config.Limits) {})
	client, player := s.watch()
	first, _ := s.next(client)
	s.nowMs += 10 * game.BroadcastMs
	if _, p := s.world.Status(s.nowMs, s.hunt); p != nil {
		t.Fatal(p.Title)
	}
	player.out.mu.Lock()
	old := player.out.full
	player.out.missed = true
	player.catchUp()
	player.push()
	player.out.mu.Unlock()
	// It was on its way when the full one was made.
	player.Deliver(old)
	s.tick()
	for _, want := range []int{10, 11} {
		if f, closed := s.next(client); closed != "" || f.Frame.Tick != first.Frame.Tick+want {
			t.Errorf("tick %d, %s, in place of %d", f.Frame.Tick, closed, first.Frame.Tick+want)
		}
	}
}
