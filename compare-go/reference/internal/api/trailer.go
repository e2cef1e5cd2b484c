package api

import (
	"strings"

	"treasurehunt/internal/config"
	"treasurehunt/internal/problem"
)

// CheckTrailer holds the trailers of a body in chunks against their rules: nothing is done with
// them. Their size is that of field lines as they are usually written.
func CheckTrailer(trailer map[string][]string, limits *config.Limits) *problem.Problem {
	bytes := int64(0)
	for name, values := range trailer {
		if strings.ContainsAny(name, " \t") {
			return malformed("malformed name of a trailer field")
		}
		if isForbiddenTrailer(name) {
			return malformed("a field that cannot be a trailer")
		}
		for _, value := range values {
			bytes += int64(len(name) + len(": \r\n") + len(value))
		}
	}
	if bytes > limits.TrailerBytesMax {
		return problem.HeadTooLarge.Because("trailers over their limit")
	}
	return nil
}

// isForbiddenTrailer says whether a field frames the message, routes it or authenticates, so that
// it must not come behind the body (RFC 9110 section 6.5.1).
func isForbiddenTrailer(name string) bool {
	switch strings.ToLower(name) {
	case "authorization", "cache-control", "connection", "content-encoding", "content-length",
		"content-range", "content-type", "cookie", "expect", "host", "if-match",
		"if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive",
		"max-forwards", "origin", "proxy-authorization", "proxy-connection", "range",
		"sec-websocket-extensions", "sec-websocket-key", "sec-websocket-protocol",
		"sec-websocket-version", "te", "trailer", "transfer-encoding", "upgrade", "via":
		return true
	}
	return false
}
