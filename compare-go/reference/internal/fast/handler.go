package fast

import (
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"treasurehunt/internal/api"
	"treasurehunt/internal/listen"
	"treasurehunt/internal/play"
)

// handler answers the requests of a listener.
type handler struct {
	service *api.Service
	hub     *play.Hub
	kind    api.Listener
	pooled  bool
}

// exchange is the memory of one request and its answer.
type exchange struct {
	route api.Route
	out   []byte
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// The largest buffer that is kept for later use.
const keptBytesMax = 64 * 1024

func (h *handler) serve(ctx *fasthttp.RequestCtx) {
	x := h.take()
	start := ctx.Time()
	route, head := &x.route, head{&ctx.Request.Header}
	h.service.Route(start.UnixMilli(), h.kind, head, route)
	// The body is read: what is asked here is whether it should have been.
	length := head.length()
	h.service.Admit(head, length, route)
	if refusal := checkChunked(head, length, h.service.Limits); refusal != nil {
		route.Refusal, route.Close = refusal, true
	}
	switch {
	case route.Refusal != nil:
		h.write(ctx, x, h.service.Refuse(route.Refusal, route.Allow, x.out[:0]))
	case route.Upgrades():
		h.upgrade(ctx, x, start)
	default:
		body := ctx.Request.Body()
		h.write(ctx, x, h.service.Answer(start.UnixMilli(), route, body, x.out[:0]))
	}
	connOf(ctx).Stripe().Took(int64(time.Since(start)))
	h.give(x)
}

func (h *handler) take() *exchange {
	if !h.pooled {
		return new(exchange)
	}
	return exchanges.Get().(*exchange)
}

func (h *handler) give(x *exchange) {
	if h.pooled && cap(x.out) <= keptBytesMax {
		exchanges.Put(x)
	}
}

// write writes an answer.
func (h *handler) write(ctx *fasthttp.RequestCtx, x *exchange, answer api.Answer) {
	x.out = answer.Body
	response := &ctx.Response
	response.SetStatusCode(answer.Status)
	response.Header.SetContentType(answer.ContentType)
	if answer.Allow != "" {
		response.Header.Set("Allow", answer.Allow)
	}
	request := &ctx.Request.Header
	if x.route.Close || h.service.Draining.Load() || request.ConnectionClose() {
		response.Header.SetConnectionClose()
	}
	switch answer.Status {
	case fasthttp.StatusUnauthorized:
		response.Header.Set("WWW-Authenticate", "Bearer")
	case fasthttp.StatusUpgradeRequired:
		response.Header.Set("Connection", upgradeOptions(request, &response.Header))
		response.Header.Set("Upgrade", "websocket")
		response.Header.Set("Sec-WebSocket-Version", "13")
	}
	// The library sends it when the memory of the exchange is in other hands.
	response.SetBody(answer.Body)
	connOf(ctx).Stripe().Responded(x.route.Name, answer.Status)
}

// upgradeOptions are the options of a connection whose client is to upgrade it, beside `close`. To
// a client of HTTP/1.0 the library would say keep-alive instead.
func upgradeOptions(
	request *fasthttp.RequestHeader, response *fasthttp.ResponseHeader,
) string {
	if _, minor := (head{request}).Version(); minor > 0 || response.ConnectionClose() {
		return "Upgrade"
	}
	request.SetProtocol("HTTP/1.1")
	return "keep-alive, Upgrade"
}

// connOf is the connection of a request.
func connOf(ctx *fasthttp.RequestCtx) *listen.Conn { return ctx.Conn().(*listen.Conn) }

// upgrade asks the game, and hands the connection over.
func (h *handler) upgrade(ctx *fasthttp.RequestCtx, x *exchange, now time.Time) {
	route, conn := &x.route, connOf(ctx)
	player, refusal := h.hub.Open(now.UnixMilli(), play.Who{
		Hunt: route.Hunt, Player: route.Player, Codec: route.Handshake.Codec,
		Stripe: conn.Stripe(),
	})
	if refusal != nil {
		h.write(ctx, x, h.service.Refuse(refusal, "", x.out[:0]))
		return
	}
	conn.Stripe().Responded(route.Name, fasthttp.StatusSwitchingProtocols)
	answer := route.Handshake.Append(nil, now)
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(hijacked net.Conn) {
		early := readBuffered(conn, hijacked)
		// The library keeps the request for as long as this function runs.
		go player.Run(conn, answer, early)
	})
}

// readBuffered reads what the library has read behind the handshake, and does not wait for more.
func readBuffered(conn *listen.Conn, hijacked net.Conn) []byte {
	var early []byte
	buf := make([]byte, 512)
	if conn.SetReadDeadline(time.Unix(1, 0)) != nil {
		return nil
	}
	for {
		n, err := hijacked.Read(buf)
		early = append(early, buf[:n]...)
		if err != nil {
			return early
		}
	}
}
