// Package fast puts the API behind fasthttp. It writes answers, hands connections over that become
// WebSocket connections, and says what fasthttp found wrong in the words of the API. Bodies are
// read by fasthttp, before a handler is asked.
package fast

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"treasurehunt/internal/api"
	"treasurehunt/internal/config"
	"treasurehunt/internal/listen"
	"treasurehunt/internal/metrics"
	"treasurehunt/internal/play"
)

// Server serves one listener.
type Server struct {
	fast fasthttp.Server
}

// New returns the server of a listener of that kind.
func New(
	service *api.Service, hub *play.Hub, kind api.Listener, tuning config.Tuning,
) *Server {
	limits := service.Limits
	h := &handler{
		service: service, hub: hub, kind: kind, pooled: tuning.Has(config.TunePool),
	}
	serve := h.serve
	if kind == api.Admin {
		serve = withProfiles(serve)
	}
	return &Server{fasthttp.Server{
		Handler:        serve,
		ErrorHandler:   h.refuse,
		HeaderReceived: h.headReceived,
		ExpectHandler:  h.expected,
		Logger:         silence{},
		// A head is as large as the buffer that it is read into.
		ReadBufferSize: int(limits.HeadBytesMax),
		ReadTimeout:    milliseconds(limits.HeadTimeoutMs),
		IdleTimeout:    milliseconds(limits.KeepAliveMs),
		// The listener has the limit.
		Concurrency:                  int(limits.ConnectionsMax) + 1024,
		MaxRequestBodySize:           int(limits.BodyBytesMax),
		DisablePreParseMultipartForm: true,
		NoDefaultServerHeader:        true,
		NoDefaultContentType:         true,
		// Errors are told apart by their names, and quote nothing.
		SecureErrorLogMessage: true,
		// The player closes what was handed over.
		KeepHijackedConns: true,
	}}
}

// Listening are the options of a listener beside those that all share: none.
func Listening(_ *api.Service, options listen.Options) listen.Options { return options }

// Serve serves until the listener is closed.
func (s *Server) Serve(listener net.Listener) error { return s.fast.Serve(listener) }

// Shutdown closes connections that are idle, and waits for the others until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.fast.ShutdownWithContext(ctx) }

// withProfiles answers with profiles before the handler is asked.
func withProfiles(serve fasthttp.RequestHandler) fasthttp.RequestHandler {
	profiles := fasthttpadaptor.NewFastHTTPHandler(metrics.Profiles())
	return func(ctx *fasthttp.RequestCtx) {
		if strings.HasPrefix(text(ctx.Request.Header.RequestURI()), metrics.ProfilesPath) {
			profiles(ctx)
			return
		}
		serve(ctx)
	}
}

// silence logs nothing: the library logs what peers do wrong.
type silence struct{}

func (silence) Printf(string, ...any) {}

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
