package nethttp

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"treasurehunt/internal/api"
	"treasurehunt/internal/problem"
)

// readBody reads the body: within its limit, and within its time.
func (h *handler) readBody(x *exchange) *problem.Problem {
	until := x.start.Add(milliseconds(h.service.Limits.BodyTimeoutMs))
	if err := x.conn.ReadBody(until); err != nil {
		return problem.Internal
	}
	var err error
	if length := x.request.ContentLength; length >= 0 {
		if int64(cap(x.in)) < length {
			x.in = make([]byte, length)
		}
		x.in = x.in[:length]
		_, err = io.ReadFull(x.request.Body, x.in)
	} else {
		x.in, err = readChunks(x.request.Body, x.in[:0], x.route.BodyBytesMax)
	}
	if err != nil {
		return bodyProblem(err)
	}
	_ = x.conn.SetReadDeadline(time.Time{})
	// The library shows trailers only when the body is read.
	return api.CheckTrailer(x.request.Trailer, h.service.Limits)
}

// errTooLarge says that chunks are together over the limit.
var errTooLarge = errors.New("the body is too large")

func readChunks(body io.Reader, buf []byte, bytesMax int64) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > bytesMax:
			return buf, errTooLarge
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		}
	}
}

// bodyProblem is what is answered to a body that could not be read. Of a peer that is gone nothing
// is left to answer.
func bodyProblem(err error) *problem.Problem {
	switch {
	case errors.Is(err, errTooLarge):
		return problem.BodyTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem.RequestTimeout
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		panic(http.ErrAbortHandler)
	}
	for _, known := range chunkFaults {
		if strings.Contains(err.Error(), known.said) {
			return problem.MalformedRequest.Because(known.detail)
		}
	}
	return problem.MalformedRequest
}

// chunkFaults are the library's errors of chunked bodies, which have no names, in the words of the
// API.
var chunkFaults = []struct{ said, detail string }{
	{"invalid byte in chunk length", "malformed chunk size"},
	{"empty hex number for chunk length", "malformed chunk size"},
	{"chunked line ends with bare LF", "malformed chunk size"},
	{"http chunk length too large", "a chunk size over 16 digits"},
	{"malformed chunked encoding", "a chunk longer than its size, or not ended by CRLF"},
	{"header line too long", "a chunk-size line over its limit"},
}
