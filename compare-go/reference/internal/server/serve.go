// Package server starts a server and ends it: the command line, the configuration in force, the two
// listeners, the demo, health and metrics, and the drain that SIGTERM begins. Which HTTP library
// speaks is its caller's choice.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"time"

	"treasurehunt/internal/api"
	"treasurehunt/internal/config"
	"treasurehunt/internal/game"
	"treasurehunt/internal/listen"
	"treasurehunt/internal/metrics"
	"treasurehunt/internal/play"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/token"
	"treasurehunt/internal/wire"
)

// Library is an HTTP library, as a server needs it.
type Library struct {
	// Program is the name of the program, Name that of the library.
	Program, Name string
	// Options returns what its listeners need beside what all do.
	Options func(*api.Service, listen.Options) listen.Options
	// New returns what serves a listener of that kind.
	New func(*api.Service, *play.Hub, api.Listener, config.Tuning) Serving
}

// Serving serves a listener.
type Serving interface {
	// Serve serves until the listener is closed.
	Serve(net.Listener) error
	// Shutdown closes connections that are idle, and waits for the others until ctx ends.
	Shutdown(context.Context) error
}

// adminConnectionsMax is how many operators may be connected, beside the players.
const adminConnectionsMax = 256

// node is a server that runs.
type node struct {
	library       *Library
	config        *config.Config
	service       *api.Service
	hub           *play.Hub
	counters      *metrics.Counters
	public, admin endpoint
}

// endpoint is one listener and what serves it.
type endpoint struct {
	listener *listen.Listener
	serving  Serving
}

// serve serves until a signal has come and all is drained. What is to be known is written to out.
func serve(library *Library, loaded *config.Loaded, signals <-chan os.Signal, out io.Writer) error {
	log := newLogger(&loaded.Config)
	slog.SetDefault(log)
	if len(loaded.Keys) == 0 && loaded.Demo {
		loaded.Keys = []token.Key{config.RandomKey(1)}
		loaded.Warnings = append(loaded.Warnings,
			"the signing key is random: no token outlives the process")
	}
	ring, err := ringOf(library.Program, loaded.Keys)
	if err != nil {
		return err
	}
	for _, warning := range loaded.Warnings {
		log.Warn(warning)
	}
	tune(&loaded.Config, log)
	n, err := newNode(library, &loaded.Config, ring)
	if err != nil {
		return err
	}
	greeting := fmt.Sprintf("players: http://%v\nadmin: http://%v\n",
		n.public.listener.Addr(), n.admin.listener.Addr())
	if loaded.Demo {
		invitation, err := n.setUpDemo(ring)
		if err != nil {
			return err
		}
		greeting += invitation
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go n.hub.RunTicks(ctx)
	failed := make(chan error, 2)
	n.public.start(failed)
	n.admin.start(failed)
	log.Info("serving", "library", library.Name, "tuning", loaded.Tuning.String(),
		"workers", runtime.GOMAXPROCS(0))
	// The listeners hold whoever comes from now on, so what is printed works already. Whoever
	// started us may have closed the other end, which is no reason not to serve.
	_, _ = io.WriteString(out, greeting)
	select {
	case err := <-failed:
		return err
	case signal := <-signals:
		log.Info("draining; a second signal ends at once",
			"signal", signal.String(), "drain_ms", loaded.DrainMs)
	}
	n.drain(milliseconds(loaded.DrainMs))
	log.Info("ended")
	return nil
}

func newNode(library *Library, c *config.Config, ring *token.Ring) (*node, error) {
	encoder := wire.Reflect
	if c.Tuning.Has(config.TuneJSON) {
		encoder = wire.Append
	}
	world := game.NewWorld(game.Limits{
		QuestsMax:   int(c.Limits.QuestsMax),
		HuntsMax:    int(c.Limits.HuntsMax),
		EndedKeepMs: c.Limits.EndedKeepMs,
	}, encoder)
	counters := metrics.NewCounters()
	n := &node{library: library, config: c, counters: counters}
	n.service = &api.Service{
		World: world, Ring: ring, Encoder: encoder, Limits: &c.Limits,
		Origins: c.AllowedOrigins, AdminOnPublic: c.AdminOnPublic,
	}
	n.service.Observer = newObserver(n)
	n.hub = play.NewHub(world, encoder, &c.Limits, c.Tuning, counters)
	var err error
	if n.public, err = n.bind(api.Public, "listen", c.Listen.String(),
		c.Limits.ConnectionsMax); err != nil {
		return nil, err
	}
	n.admin, err = n.bind(api.Admin, "admin", c.Admin.String(), adminConnectionsMax)
	return n, err
}

func (n *node) bind(
	kind api.Listener, key, addr string, connectionsMax int64,
) (endpoint, error) {
	limits := n.service.Limits
	listener, err := listen.Listen(addr, n.library.Options(n.service, listen.Options{
		ConnectionsMax: connectionsMax,
		KeepAlive:      milliseconds(limits.KeepAliveMs),
		HeadTimeout:    milliseconds(limits.HeadTimeoutMs),
		WriteStall:     milliseconds(limits.WriteStallMs),
		Linger:         milliseconds(limits.LingerMs),
		LazyDeadlines:  n.config.Tuning.Has(config.TuneDeadlines),
		TooMany:        connectionsFull(n.service),
		Counters:       n.counters,
	}))
	if err != nil {
		return endpoint{}, fmt.Errorf("cannot listen on %s; is it in use, or not ours? choose "+
			"another with --%s: %w", addr, key, err)
	}
	return endpoint{listener, n.library.New(n.service, n.hub, kind, n.config.Tuning)}, nil
}

// connectionsFull is what a connection is told that is one too many.
func connectionsFull(service *api.Service) []byte {
	body := service.Encoder.Problem(nil, problem.ConnectionsFull)
	return fmt.Appendf(nil, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"+
		"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", api.ProblemType, len(body), body)
}

func (e *endpoint) start(failed chan<- error) {
	go func() {
		err := e.serving.Serve(e.listener)
		// A listener that we closed is no failure.
		if err != nil && !errors.Is(err, net.ErrClosed) {
			failed <- err
		}
	}()
}

// graceMax is for how long a drain leaves idle connections the chance to ask once more.
const graceMax = 2 * time.Second

// drain ends the server: what was received is answered, with `Connection: close`; WebSocket peers
// are told 1001, one after the other over nine tenths of the time; what stays idle is closed.
// Operators can ask until all is over.
func (n *node) drain(within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	n.service.Draining.Store(true)
	_ = n.public.listener.Close()
	paced := within * 9 / 10
	players := make(chan struct{})
	go func() {
		n.hub.Drain(ctx, paced)
		close(players)
	}()
	grace, cancelGrace := context.WithTimeout(ctx, min(paced, graceMax))
	defer cancelGrace()
	for n.open() > 0 && pause(grace) {
		continue
	}
	_ = n.public.serving.Shutdown(ctx)
	<-players
	_ = n.admin.listener.Close()
	_ = n.admin.serving.Shutdown(ctx)
	// Peers may still take their last bytes.
	for n.open() > 0 && pause(ctx) {
		continue
	}
}

func (n *node) open() int64 { return n.public.listener.Open() + n.admin.listener.Open() }

// pause waits a moment; false where ctx has ended.
func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(5 * time.Millisecond):
		return true
	}
}

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// newLogger writes to standard error.
func newLogger(c *config.Config) *slog.Logger {
	levels := map[string]slog.Level{
		"trace": slog.LevelDebug, "debug": slog.LevelDebug, "info": slog.LevelInfo,
		"warn": slog.LevelWarn, "error": slog.LevelError, "off": slog.LevelError + 1,
	}
	options := &slog.HandlerOptions{Level: levels[c.Log]}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
