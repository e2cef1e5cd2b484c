package fast

import (
	"bytes"
	"iter"
	"strings"
	"unsafe"

	"github.com/valyala/fasthttp"

	"treasurehunt/internal/api"
)

// head shows the head of a request to the API. What it shows are the library's own bytes, which
// stay as they are until the request is answered.
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

var newline, colon = []byte{'\n'}, []byte{':'}

// Repeated looks at the lines as they came: of Content-Type the library tells the last.
func (h head) Repeated() string {
	var seen [len(api.Singles)]bool
	for line := range bytes.Lines(h.RawHeaders()) {
		name, _, _ := bytes.Cut(line, colon)
		for i, single := range api.Singles {
			if len(name) != len(single) || !strings.EqualFold(text(name), single) {
				continue
			}
			if seen[i] {
				return single
			}
			seen[i] = true
		}
	}
	return ""
}

func (h head) Field(name string) (value string, given bool) {
	if values := h.PeekAll(name); len(values) > 0 {
		return text(values[0]), true
	}
	// An empty Content-Type is to the library as none.
	return "", name == "Content-Type" && h.hasLine(name)
}

// Lines looks at the lines as they came where the library keeps something else: of Connection it
// tells `close` and nothing else, or whatever else there is and no `close`.
func (h head) Lines(name string) []string {
	if name != "Connection" && len(h.PeekAll(name)) == 0 {
		return nil
	}
	var values []string
	for value := range h.lines(name) {
		values = append(values, value)
	}
	return values
}

// length is the length that the head has announced for its body. The library sets its own as it
// reads the body, and 0 where there was none.
func (h head) length() int64 {
	switch length := int64(h.ContentLength()); {
	case length == api.NoBody:
		return length
	case h.hasLine("Transfer-Encoding"):
		return api.Chunked
	case length > 0 || h.hasLine("Content-Length"):
		return max(length, 0)
	}
	return api.NoBody
}

// hasLine says whether there is a field line of that name.
func (h head) hasLine(name string) bool {
	for range h.lines(name) {
		return true
	}
	return false
}

// lines are the values of the field lines of that name, as they came.
func (h head) lines(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range bytes.Lines(h.RawHeaders()) {
			if len(line) > len(name) && line[len(name)] == ':' &&
				strings.EqualFold(text(line[:len(name)]), name) &&
				!yield(strings.Trim(text(line[len(name)+1:]), " \t\r\n")) {
				return
			}
		}
	}
}

// text is bytes of the library as a string without a copy: good for as long as the bytes are.
func text(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) }
