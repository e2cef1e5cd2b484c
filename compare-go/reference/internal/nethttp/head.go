package nethttp

import (
	"net/http"

	"treasurehunt/internal/api"
)

// head shows a request to the API.
type head struct{ *http.Request }

func (h head) Method() string { return h.Request.Method }

func (h head) Target() string { return h.RequestURI }

func (h head) Version() (major, minor int) { return h.ProtoMajor, h.ProtoMinor }

// Host is the field, or the authority of an absolute target, which the library puts in its place.
func (h head) Host() string { return h.Request.Host }

// Size is the size of the head as it is usually written: a field's name, a colon, a space and its
// value. The library does not keep how it was sent.
func (h head) Size() (bytes, fields int) {
	bytes = len(h.Request.Method) + len(h.RequestURI) + len("  HTTP/1.1\r\n\r\n")
	if h.Request.Host != "" {
		bytes += len("Host: \r\n") + len(h.Request.Host)
		fields++
	}
	for range h.TransferEncoding {
		bytes += len("Transfer-Encoding: chunked\r\n")
		fields++
	}
	for name, values := range h.Header {
		for _, value := range values {
			bytes += len(name) + len(": \r\n") + len(value)
			fields++
		}
	}
	return bytes, fields
}

func (h head) Repeated() string {
	for _, name := range api.Singles {
		if len(h.Header[name]) > 1 {
			return name
		}
	}
	return ""
}

func (h head) Field(name string) (value string, given bool) {
	values := h.Header[name]
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

func (h head) Lines(name string) []string { return h.Header[name] }

// length is the length that the head announces for its body.
func (h head) length() int64 {
	if h.ContentLength == 0 && h.Header["Content-Length"] == nil {
		return api.NoBody
	}
	return h.ContentLength
}
