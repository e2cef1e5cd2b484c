package fast

import (
	"errors"
	"os"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"treasurehunt/internal/api"
	"treasurehunt/internal/problem"
)

// refuse answers what the library could not read. The connection ends.
func (h *handler) refuse(ctx *fasthttp.RequestCtx, err error) {
	x := new(exchange)
	x.route.Close = true
	x.route.Refusal = h.meaning(ctx, err, &x.route)
	if x.route.Refusal.Is(problem.RequestTimeout) {
		connOf(ctx).Stripe().TimedOut.Add(1)
	}
	h.write(ctx, x, h.service.Refuse(x.route.Refusal, x.route.Allow, nil))
}

// meaning is an error of the library in the words of the API.
func (h *handler) meaning(
	ctx *fasthttp.RequestCtx, err error, route *api.Route,
) *problem.Problem {
	header := &ctx.Request.Header
	var tooSmall *fasthttp.ErrSmallBuffer
	switch {
	case errors.As(err, &tooSmall):
		return problem.HeadTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, fasthttp.ErrTimeout):
		return problem.RequestTimeout
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return h.tooLarge(header, route)
	case errors.Is(err, fasthttp.ErrUnsupportedTransferEncoding):
		return problem.UnknownTransferCoding
	}
	said := err.Error()
	for _, known := range faults {
		if strings.Contains(said, known.said) && strings.Contains(said, known.quoted) {
			return malformed(known.detail)
		}
	}
	return problem.MalformedRequest
}

func malformed(detail string) *problem.Problem { return problem.MalformedRequest.Because(detail) }

// tooLarge is the refusal of a body over its limit: where the head has announced it, what else is
// wrong comes first.
func (h *handler) tooLarge(header *fasthttp.RequestHeader, route *api.Route) *problem.Problem {
	if length := int64(header.ContentLength()); length > 0 {
		h.service.Route(time.Now().UnixMilli(), h.kind, head{header}, route)
		h.service.Admit(head{header}, length, route)
	}
	if route.Refusal != nil {
		return route.Refusal
	}
	return problem.BodyTooLarge
}

// faults are errors of the library that have no names, by a part of what they say and a part of
// what they quote, in the words of the API.
var faults = []struct{ said, quoted, detail string }{
	{"cannot find whitespace in the first line", "",
		"the request line ends before the HTTP version"},
	{"cannot find http request method", "", "malformed method"},
	{"unsupported http request method", "", "malformed method"},
	{"unsupported http version \"/", "", "more than one space in the request line"},
	{"unsupported http version", "", "malformed HTTP version"},
	{"invalid request uri", `\r`, "the request line ends before the HTTP version"},
	{"invalid request uri", `\x`, "a control character"},
	{"invalid request uri", "", "malformed request target"},
	{"cannot start with space or tab", "", "white space before the first field"},
	{"reading request headers: malformed mime header line: \":", "", "a field has no name"},
	{"reading request headers: malformed mime header line", "", "malformed field name"},
	{"reading request headers: malformed mime header: missing colon", "", "a field has no colon"},
	{"invalid header key", "", "white space between a field name and its colon"},
	{"invalid header value", `\x00`, "a NUL character"},
	{"invalid header value", `\r`, "a CR that no LF follows"},
	{"invalid header value", "", "a control character"},
	{"duplicate content-length", "", "more than one Content-Length"},
	{"too long int", "", "Content-Length out of range"},
	{"cannot parse content-length", "", "malformed Content-Length"},
	{"missing required host header", "", "no Host"},
	{"too many host headers", "", "more than one Host"},
	{"in host name", "", "malformed Host"},
	{"after host", "", "malformed Host"},
	{"empty hex number", "", "malformed chunk size"},
	{"too large hex number", "", "a chunk size over 16 digits"},
	{"after chunk size", "", "malformed chunk size"},
	{"at the end of chunk size: expected '\\n'", "", "a CR that no LF follows"},
	{"cannot find crlf at the end of chunk", "",
		"a chunk longer than its size, or not ended by CRLF"},
	{"forbidden trailer key", "", "a field that cannot be a trailer"},
	{"reading response headers: malformed mime header", "", "malformed name of a trailer field"},
}
