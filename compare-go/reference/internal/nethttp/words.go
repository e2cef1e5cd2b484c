package nethttp

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"treasurehunt/internal/api"
	"treasurehunt/internal/problem"
)

// words are refusals that the library writes by itself, and what is sent in their place.
type words struct {
	service *api.Service
}

// said are the library's refusals, by their status and a part of what they say, and what they mean.
var said = []struct {
	status, text string
	means        *problem.Problem
}{
	{"400", "missing required Host header", problem.MalformedRequest.Because("no Host")},
	{"400", "too many Host headers", problem.MalformedRequest.Because("more than one Host")},
	{"400", "malformed Host header", problem.MalformedRequest.Because("malformed Host")},
	{"400", "400 Bad Request", problem.MalformedRequest},
	{"417", "\r\nContent-Length: 0\r\n", problem.ExpectationFailed},
	{"431", "431 Request Header Fields Too Large", problem.HeadTooLarge},
	{"501", "Unsupported transfer encoding", problem.UnknownTransferCoding},
	{"505", "505 HTTP Version Not Supported", problem.UnsupportedHTTPVersion},
}

// The library's refusals of heads are the only answers of plain text.
var plainText = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// reword is the answer that is sent in place of one of the library's own.
func (w *words) reword(answer []byte) []byte {
	const before = len("HTTP/1.1 ")
	if len(answer) < before+3 || answer[before] < '4' {
		return answer
	}
	status := string(answer[before : before+3])
	if status != "417" && !bytes.Contains(answer, plainText) {
		return answer
	}
	for _, known := range said {
		if status == known.status && bytes.Contains(answer, []byte(known.text)) {
			return w.document(known.means)
		}
	}
	return answer
}

// tooSlow is what a peer is told whose head does not come in time, where the library says nothing.
func (w *words) tooSlow() []byte { return w.document(problem.RequestTimeout) }

// document is a whole response with a problem document, which ends its connection.
func (w *words) document(p *problem.Problem) []byte {
	body := w.service.Encoder.Problem(nil, p)
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n"+
		"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		p.Status, http.StatusText(p.Status), time.Now().UTC().Format(http.TimeFormat),
		api.ProblemType, len(body), body)
}
