package nethttp

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"treasurehunt/internal/api"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/wire"
)

func TestRefusalsOfTheLibraryBecomeProblemDocuments(t *testing.T) {
	w := &words{&api.Service{Encoder: wire.Append}}
	const plain = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
	for answer, means := range map[string]*problem.Problem{
		"HTTP/1.1 400 Bad Request" + plain + "400 Bad Request": problem.MalformedRequest,
		"HTTP/1.1 400 Bad Request: too many Host headers" + plain +
			"400 Bad Request: too many Host headers": problem.MalformedRequest.Because(
			"more than one Host"),
		"HTTP/1.1 431 Request Header Fields Too Large" + plain +
			"431 Request Header Fields Too Large": problem.HeadTooLarge,
		"HTTP/1.1 501 Not Implemented" + plain +
			"Unsupported transfer encoding": problem.UnknownTransferCoding,
		"HTTP/1.1 505 HTTP Version Not Supported: unsupported protocol version" + plain +
			"505 HTTP Version Not Supported: x": problem.UnsupportedHTTPVersion,
		"HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n": problem.
			ExpectationFailed,
	} {
		got, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(w.reword([]byte(answer)))), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(got.Body)
		if want := wire.Append.Problem(nil, means); got.StatusCode != means.Status ||
			!bytes.Equal(body, want) || !got.Close || got.Header.Get("Date") == "" {
			t.Errorf("%q becomes %v %s", answer, got.Header, body)
		}
	}
}

func TestAnswersOfOursAreLeftAsTheyAre(t *testing.T) {
	w := &words{&api.Service{Encoder: wire.Append}}
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP", "",
		"HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n\r\n{}",
		strings.Repeat("x", 5000),
	} {
		if got := string(w.reword([]byte(answer))); got != answer {
			t.Errorf("%q becomes %q", answer, got)
		}
	}
}
