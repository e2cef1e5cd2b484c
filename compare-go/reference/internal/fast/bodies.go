package fast

import (
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"treasurehunt/internal/api"
	"treasurehunt/internal/config"
	"treasurehunt/internal/problem"
)

// headReceived says how a body is read, before it is: within its time, and its limit.
func (h *handler) headReceived(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
	var reading fasthttp.RequestConfig
	length := int64(header.ContentLength())
	framed := length > 0 || length == api.Chunked
	// Of several lines of Connection the library looks at one.
	if api.Persists(head{header}) {
		header.ResetConnectionClose()
	} else {
		header.SetConnectionClose()
	}
	major, minor := head{header}.Version()
	if major == 1 && minor > 1 {
		// The library takes what is later than HTTP/1.1 as HTTP/1.0.
		header.SetProtocol("HTTP/1.1")
	}
	if expect := header.Peek("Expect"); len(expect) > 0 {
		switch {
		case !strings.EqualFold(text(expect), "100-continue"):
		case !framed || minor == 0:
			// Nothing is to be asked for.
			header.Del("Expect")
		default:
			header.Set("Expect", "100-continue")
		}
	}
	if !framed {
		return reading
	}
	reading.ReadTimeout = milliseconds(h.service.Limits.BodyTimeoutMs)
	if length > h.service.Limits.BodyBytesMax || length == api.Chunked {
		var route api.Route
		h.service.Route(time.Now().UnixMilli(), h.kind, head{header}, &route)
		reading.MaxRequestBodySize = int(route.BodyBytesMax)
	}
	return reading
}

// expected decides whether a client that waits for it is asked for its body.
func (h *handler) expected(ctx *fasthttp.RequestCtx) int {
	x := new(exchange)
	head := head{&ctx.Request.Header}
	h.service.Route(time.Now().UnixMilli(), h.kind, head, &x.route)
	if h.service.Admit(head, head.length(), &x.route) {
		return fasthttp.StatusContinue
	}
	h.write(ctx, x, h.service.Refuse(x.route.Refusal, x.route.Allow, nil))
	return x.route.Refusal.Status
}

// checkChunked refuses what the library takes of a body in chunks.
func checkChunked(head head, length int64, limits *config.Limits) *problem.Problem {
	if length != api.Chunked {
		return nil
	}
	if head.hasLine("Content-Length") {
		return malformed("both Content-Length and Transfer-Encoding")
	}
	// The library puts trailers with the fields, whose lines it has kept: the difference is theirs.
	size := len("\r\n") - len(head.RawHeaders())
	for name, value := range head.All() {
		size += len(name) + len(": \r\n") + len(value)
	}
	if int64(size) > limits.TrailerBytesMax {
		return problem.HeadTooLarge.Because("trailers over their limit")
	}
	return nil
}
