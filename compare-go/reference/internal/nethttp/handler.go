package nethttp

import (
	"net/http"
	"strconv"
	"sync"
	"time"

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
	route    api.Route
	in, out  []byte
	conn     *listen.Conn
	start    time.Time
	response http.ResponseWriter
	request  *http.Request
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// The largest buffers that are kept for later use.
const keptBytesMax = 64 * 1024

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{}
	if h.pooled {
		x = exchanges.Get().(*exchange)
	}
	x.conn, x.start, x.response, x.request = connOf(r), time.Now(), w, r
	h.serve(x)
	x.conn.Stripe().Took(int64(time.Since(x.start)))
	if h.pooled && cap(x.in) <= keptBytesMax && cap(x.out) <= keptBytesMax {
		x.conn, x.response, x.request, x.in, x.out = nil, nil, nil, x.in[:0], x.out[:0]
		exchanges.Put(x)
	}
}

func (h *handler) serve(x *exchange) {
	now, route := x.start, &x.route
	h.service.Route(now.UnixMilli(), h.kind, head{x.request}, route)
	if h.service.Admit(head{x.request}, head{x.request}.length(), route) {
		if refusal := h.readBody(x); refusal != nil {
			route.Refusal, route.Close = refusal, true
		}
		now = time.Now()
	}
	switch {
	case route.Refusal != nil:
		h.write(x, h.service.Refuse(route.Refusal, route.Allow, x.out[:0]))
	case route.Upgrades():
		h.upgrade(x, now)
	default:
		h.write(x, h.service.Answer(now.UnixMilli(), route, x.in, x.out[:0]))
	}
}

// write writes an answer.
func (h *handler) write(x *exchange, answer api.Answer) {
	x.out = answer.Body
	header := x.response.Header()
	switch answer.ContentType {
	case "":
	case api.JSONType:
		header["Content-Type"] = jsonType
	case api.ProblemType:
		header["Content-Type"] = problemType
	default:
		header["Content-Type"] = []string{answer.ContentType}
	}
	if answer.Allow != "" {
		header["Allow"] = []string{answer.Allow}
	}
	last := x.route.Close || h.service.Draining.Load() || !api.Persists(head{x.request})
	if last {
		header["Connection"] = closeOption
	}
	switch answer.Status {
	case http.StatusUnauthorized:
		header["Www-Authenticate"] = bearerScheme
	case http.StatusUpgradeRequired:
		header["Upgrade"], header["Sec-Websocket-Version"] = websocketName, websocketVersion
		header["Connection"] = upgradeOptions(last, x.request.ProtoMinor)
	}
	// The library counts what fits into its buffer by itself.
	if len(answer.Body) > 2048 {
		header["Content-Length"] = []string{strconv.Itoa(len(answer.Body))}
	}
	if x.route.Close {
		// What was not read of a body must not be waited for.
		_ = x.conn.SetReadDeadline(time.Unix(1, 0))
	}
	x.response.WriteHeader(answer.Status)
	if answer.Status != http.StatusNoContent {
		_, _ = x.response.Write(answer.Body)
	}
	x.conn.Stripe().Responded(x.route.Name, answer.Status)
}

// upgradeOptions are the options of a connection whose client is to upgrade it. The library looks
// at the first value, and adds nothing to what is there.
func upgradeOptions(last bool, minor int) []string {
	switch {
	case last:
		return []string{"close", "Upgrade"}
	case minor == 0:
		return []string{"keep-alive", "Upgrade"}
	}
	return upgradeOption
}

// Values of fields, shared by all answers.
var (
	jsonType         = []string{api.JSONType}
	problemType      = []string{api.ProblemType}
	bearerScheme     = []string{"Bearer"}
	websocketName    = []string{"websocket"}
	websocketVersion = []string{"13"}
	closeOption      = []string{"close"}
	upgradeOption    = []string{"Upgrade"}
)

// upgrade asks the game, and hands the connection over.
func (h *handler) upgrade(x *exchange, now time.Time) {
	route := &x.route
	player, refusal := h.hub.Open(now.UnixMilli(), play.Who{
		Hunt: route.Hunt, Player: route.Player, Codec: route.Handshake.Codec,
		Stripe: x.conn.Stripe(),
	})
	if refusal != nil {
		h.write(x, h.service.Refuse(refusal, "", x.out[:0]))
		return
	}
	_, buffered, err := http.NewResponseController(x.response).Hijack()
	if err != nil {
		player.Abandon()
		panic(http.ErrAbortHandler)
	}
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	early = append([]byte(nil), early...)
	conn := x.conn
	conn.Stripe().Responded(route.Name, http.StatusSwitchingProtocols)
	answer := route.Handshake.Append(nil, now)
	// The handler's goroutine holds what the library needs for requests: it ends.
	go player.Run(conn, answer, early)
}
