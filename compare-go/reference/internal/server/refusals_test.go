package server

import (
	"bufio"
	"io"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"testing"

	"treasurehunt/internal/config"
)

// TestWhatARefusalSaysOfItsConnection holds both libraries to what a head decides about its
// connection: which options the answer lists, and whether the connection goes on.
func TestWhatARefusalSaysOfItsConnection(t *testing.T) {
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) {
			c.Tuning, c.AdminOnPublic, c.Limits.BodyBytesMax = tuning, true, 64
		})
		auth := "Authorization: Bearer " + r.adminToken + "\r\n"
		long := "Content-Length: 65\r\n\r\n" + strings.Repeat("x", 65)
		for what, c := range map[string]struct{ sent, answer, options string }{
			"a long body without a token": {"PUT /v1/quests/q HTTP/1.1\r\n" + long,
				"admin-missing", "close"},
			"a long body of no JSON": {"PUT /v1/quests/q HTTP/1.1\r\nContent-Type: text/plain\r\n" +
				auth + long, "unsupported-media-type", "close"},
			"a long body of JSON": {"PUT /v1/quests/q HTTP/1.1\r\n" + auth + long,
				"invalid-quest", ""},
			"an empty media type": {"POST /v1/hunts/h/players HTTP/1.1\r\nContent-Type:\r\n" +
				"Content-Length: 2\r\n\r\n{}", "unsupported-media-type", ""},
			"two media types": {"POST /v1/hunts/./players HTTP/1.1\r\nContent-Type: text/plain\r\n" +
				"CONTENT-TYPE: application/json\r\nContent-Length: 2\r\n\r\n{}",
				"more than one Content-Type", "close"},
			"two keys": {"GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\nsec-websocket-key: a\r\n\r\n",
				"more than one Sec-WebSocket-Key", "close"},
			"two expectations": {"POST /v1/hunts/h/players HTTP/1.1\r\nExpect: 100-continue\r\n" +
				"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
				"more than one Expect", "close"},
			"HTTP/1.0": {"POST /v1/hunts/h/resolve HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
				"session-missing", "close"},
			"HTTP/1.0 that goes on": {"POST /v1/hunts/h/resolve HTTP/1.0\r\n" +
				"Connection: keep-alive\r\nContent-Length: 0\r\n\r\n", "session-missing", "keep-alive"},
			"no handshake": {"GET /v1/hunts/h/play HTTP/1.1\r\n\r\n", "upgrade-required", "Upgrade"},
			"no handshake and the end": {"GET /v1/hunts/h/play HTTP/1.1\r\nConnection: close\r\n\r\n",
				"upgrade-required", "Upgrade, close"},
			"no handshake in HTTP/1.0": {"GET /v1/hunts/h/play HTTP/1.0\r\n" +
				"Connection: Keep-Alive\r\n\r\n", "upgrade-required", "Upgrade, keep-alive"},
			"the end before another option": {"GET /nowhere HTTP/1.1\r\nConnection: close\r\n" +
				"Connection: x\r\n\r\n", "unknown-path", "close"},
			"the end behind another option": {"GET /nowhere HTTP/1.1\r\nConnection: x\r\n" +
				"Connection: y, Close\r\n\r\n", "unknown-path", "close"},
		} {
			line, rest, _ := strings.Cut(c.sent, "\r\n")
			conn := r.raw(line + "\r\nHost: a\r\n" + rest)
			answers := bufio.NewReader(conn)
			_, options, text := r.answer(answers)
			if !strings.Contains(text, c.answer) || options != c.options {
				t.Errorf("%s: %q, %s", what, options, text)
			}
			if strings.Contains(c.options, "close") {
				if _, err := answers.ReadByte(); err != io.EOF {
					t.Errorf("%s: the connection goes on: %v", what, err)
				}
				continue
			}
			if _, err := io.WriteString(conn, "GET /loot HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
				t.Fatal(what, err)
			}
			if status, _, text := r.answer(answers); !strings.Contains(status, " 200 ") {
				t.Errorf("%s: what follows is answered %s %s", what, status, text)
			}
		}
	})
}

// TestAHandshakeIsSeenBesideWhatALibraryMakesOfItsConnection has a library that keeps `close` or
// the other options show both, and one that takes a later version as HTTP/1.0 go on.
func TestAHandshakeIsSeenBesideWhatALibraryMakesOfItsConnection(t *testing.T) {
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) { c.Tuning = tuning })
		r.setUp()
		for _, c := range []struct{ version, options string }{
			{"1.1", "Connection: Upgrade\r\nConnection: close\r\n"},
			{"1.1", "Connection: close\r\nConnection: Upgrade\r\n"},
			{"1.2", "Connection: Upgrade\r\n"},
		} {
			conn := r.raw("GET /v1/hunts/h/play?session=" + r.join() + " HTTP/" + c.version +
				"\r\nHost: a\r\n" + c.options + "Upgrade: websocket\r\n" +
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
			if status, _, text := r.answer(bufio.NewReader(conn)); !strings.Contains(status, " 101 ") {
				t.Errorf("%q: %s %s", c, status, text)
			}
		}
	})
}

// answer reads an answer: its status line, the options that it lists for its connection, in their
// order, and its body. The client's library would hide the option `close`.
func (r *running) answer(reader *bufio.Reader) (status, options, text string) {
	r.t.Helper()
	head := textproto.NewReader(reader)
	status, err := head.ReadLine()
	if err != nil {
		r.t.Fatal(err)
	}
	fields, err := head.ReadMIMEHeader()
	if err != nil {
		r.t.Fatal(err)
	}
	listed := strings.Split(strings.Join(fields["Connection"], ", "), ", ")
	slices.Sort(listed)
	length, _ := strconv.Atoi(fields.Get("Content-Length"))
	body := make([]byte, length)
	if _, err := io.ReadFull(reader, body); err != nil {
		r.t.Fatal(err)
	}
	return status, strings.Join(listed, ", "), string(body)
}
