package fast

import (
	"bytes"
	"strings"
	"unsafe"

	"github.com/valyala/fasthttp"

	"treasurehunt/internal/api"
)

// head shows the head of a request to the API. What it shows are the library's own bytes, which stay
// as they are until the request is answered.
type head struct{ *fasthttp.RequestHeader }

func (h head) Method() string { return text(h.RequestHeader.Method()) }

func (h head) Target() string { return text(h.RequestURI()) }

func (h head) Version() (major, minor int) {
	// The library has seen to it that this is HTTP/, a digit, a dot, a digit.
	version := h.Protocol()
	if len(version) < len("HTTP/1.1") {
		return 1, 1
	}
	return int(version[5] - '0'), int(version[7] - '0')
}

func (h head) Host() string { return text(h.RequestHeader.Host()) }

func (h head) Size() (size, fields int) {
	lines := h.RawHeaders()
	size = len(h.RequestHeader.Method()) + len(h.RequestURI()) + len("  HTTP/1.1\r\n") + len(lines)
	return size, max(bytes.Count(lines, newline)-1, 0)
}

var newline = []byte{'\n'}

func (h head) Field(name string) (value string, lines int) {
	values := h.PeekAll(name)
	if len(values) == 0 {
		return "", 0
	}
	return text(values[0]), len(values)
}

func (h head) Lines(name string) []string {
	values := h.PeekAll(name)
	lines := make([]string, len(values))
	for i, value := range values {
		lines[i] = text(value)
	}
	return lines
}

// length is the length that the head has announced for its body. The library sets its own as it
// reads the body, and 0 where there was none.
func (h head) length() int64 {
	lines := h.RawHeaders()
	switch length := int64(h.ContentLength()); {
	case length == api.NoBody:
		return length
	case hasLine(lines, "transfer-encoding"):
		return api.Chunked
	case length > 0 || hasLine(lines, "content-length"):
		return max(length, 0)
	}
	return api.NoBody
}

// hasLine says whether there is a field line of that name, in lower case.
func hasLine(lines []byte, name string) bool {
	for len(lines) > 0 {
		line, rest, _ := bytes.Cut(lines, newline)
		if len(line) > len(name) && line[len(name)] == ':' &&
			strings.EqualFold(text(line[:len(name)]), name) {
			return true
		}
		lines = rest
	}
	return false
}

// text is bytes of the library as a string without a copy: good for as long as the bytes are.
func text(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) }
