// Package nethttp puts the API behind net/http. It reads bodies within their limits and times,
// writes answers, and hands connections over that become WebSocket connections. What net/http
// answers by itself, it puts into the words of the API.
package nethttp

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"treasurehunt/internal/api"
	"treasurehunt/internal/config"
	"treasurehunt/internal/listen"
	"treasurehunt/internal/metrics"
	"treasurehunt/internal/play"
)

// Server serves one listener.
type Server struct {
	http http.Server
}

// New returns the server of a listener of that kind.
func New(
	service *api.Service, hub *play.Hub, kind api.Listener, tuning config.Tuning,
) *Server {
	limits := service.Limits
	var handler http.Handler = &handler{
		service: service, hub: hub, kind: kind, pooled: tuning.Has(config.TunePool),
	}
	if kind == api.Admin {
		handler = withProfiles(handler)
	}
	return &Server{http.Server{
		Handler: handler,
		// The library adds 4 KiB of its own. The handler holds heads to the limit.
		MaxHeaderBytes:               max(int(limits.HeadBytesMax)-4096, 1),
		ReadHeaderTimeout:            milliseconds(limits.HeadTimeoutMs),
		IdleTimeout:                  milliseconds(limits.KeepAliveMs),
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(faults{}, "", 0),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, conn)
		},
	}}
}

// Listening are the options of a listener beside those that all share: what net/http says by itself
// is put into the words of the API.
func Listening(service *api.Service, options listen.Options) listen.Options {
	words := &words{service}
	options.TooSlow = words.tooSlow
	options.Reword = words.reword
	return options
}

// Serve serves until the listener is closed.
func (s *Server) Serve(listener net.Listener) error { return s.http.Serve(listener) }

// Shutdown closes connections that are idle, and waits for the others until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// faults is what the library logs: our own faults are told, those of peers are not.
type faults struct{}

func (faults) Write(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte("http: panic serving")) {
		slog.Error("a fault of the server", "said", string(line))
	}
	return len(line), nil
}

type connKey struct{}

// connOf is the connection of a request.
func connOf(r *http.Request) *listen.Conn {
	conn, _ := r.Context().Value(connKey{}).(*listen.Conn)
	return conn
}

// withProfiles answers with profiles before the handler is asked.
func withProfiles(handler http.Handler) http.Handler {
	profiles := metrics.Profiles()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.RequestURI, metrics.ProfilesPath) {
			profiles.ServeHTTP(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
