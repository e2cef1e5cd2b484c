package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"treasurehunt/internal/api"
	"treasurehunt/internal/config"
	"treasurehunt/internal/fast"
	"treasurehunt/internal/nethttp"
	"treasurehunt/internal/play"
	"treasurehunt/internal/token"
)

// libraries are those that the programs are built on.
var libraries = []*Library{
	{
		Program: "hunt-nethttp", Name: "net/http", Options: nethttp.Listening,
		New: func(
			s *api.Service, h *play.Hub, kind api.Listener, tuning config.Tuning,
		) Serving {
			return nethttp.New(s, h, kind, tuning)
		},
	}, {
		Program: "hunt-fasthttp", Name: "fasthttp", Options: fast.Listening,
		New: func(
			s *api.Service, h *play.Hub, kind api.Listener, tuning config.Tuning,
		) Serving {
			return fast.New(s, h, kind, tuning)
		},
	},
}

// eachServer runs a test on both libraries, untuned and tuned.
func eachServer(t *testing.T, test func(t *testing.T, library *Library, tuning config.Tuning)) {
	for _, library := range libraries {
		for _, tuning := range []config.Tuning{config.Untuned, config.Tuned} {
			t.Run(library.Program+"/"+tuning.String(), func(t *testing.T) {
				test(t, library, tuning)
			})
		}
	}
}

// running is a server in this process.
type running struct {
	t             testing.TB
	public, admin string
	adminToken    string
	said          string
	signals       chan os.Signal
	ended         chan error
}

var testKey = token.Key{ID: 1, Secret: bytes.Repeat([]byte{7}, 32)}

// start serves on free ports until the test ends.
func start(t testing.TB, library *Library, change func(*config.Config)) *running {
	t.Helper()
	loaded := &config.Loaded{Config: config.Default()}
	loaded.Listen, loaded.Admin = loopback, loopback
	loaded.Log, loaded.Keys, loaded.DrainMs = "off", []token.Key{testKey}, 500
	change(&loaded.Config)
	r := &running{t: t, signals: make(chan os.Signal, 1), ended: make(chan error, 1)}
	said, says := io.Pipe()
	go func() {
		r.ended <- serve(library, loaded, r.signals, says)
		_ = says.Close()
	}()
	buf := make([]byte, 8192)
	n, err := said.Read(buf)
	if err != nil {
		t.Fatalf("it does not start: %v", <-r.ended)
	}
	r.said = string(buf[:n])
	addresses := regexp.MustCompile(`(?m)^(?:players|admin): http://(\S+)$`).
		FindAllStringSubmatch(r.said, -1)
	r.public, r.admin = addresses[0][1], addresses[1][1]
	ring, err := token.NewRing(loaded.Keys)
	if err != nil {
		t.Fatal(err)
	}
	r.adminToken = string(ring.AppendAdmin(nil, time.Now().Add(time.Hour).UnixMilli()))
	t.Cleanup(func() {
		r.drain()
		select {
		case err := <-r.ended:
			if err != nil {
				t.Errorf("the server ended with %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("the server does not end")
		}
	})
	return r
}

// drain asks the server to end, once.
func (r *running) drain() {
	if r.signals != nil {
		r.signals <- syscall.SIGTERM
		r.signals = nil
	}
}

// call makes a request on a connection of its own; the answer is its status and its body.
func (r *running) call(method, url, body string, fields ...string) (int, string) {
	r.t.Helper()
	status, _, text := r.request(method, url, body, fields...)
	return status, text
}

func (r *running) request(
	method, url, body string, fields ...string,
) (int, http.Header, string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(
		context.Background(), method, "http://"+url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Close = true
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

const quest = `{"name":"Q","waypoints":[{"x":0,"y":0,"z":0,"radius":5}],"treasures":[{"id":"t",` +
	`"x":0,"y":0,"z":0,"radius":5,"supply":1000000,"loot":{"item":"i","points":5}}]}`

// setUp publishes a quest and starts the hunt h.
func (r *running) setUp() {
	r.t.Helper()
	auth := "Authorization: Bearer " + r.adminToken
	if status, text := r.call("PUT", r.admin+"/v1/quests/q", quest, auth); status != 201 {
		r.t.Fatal(status, text)
	}
	order := `{"quest":"q","capacity":1000}`
	if status, text := r.call("PUT", r.admin+"/v1/hunts/h", order, auth); status != 201 {
		r.t.Fatal(status, text)
	}
}

// join adds a player to the hunt h, and returns the session.
func (r *running) join() string {
	r.t.Helper()
	status, text := r.call("POST", r.public+"/v1/hunts/h/players", `{"name":"Ada"}`)
	found := regexp.MustCompile(`^{"player":\d+,"session":"([\w-]+)"}$`).FindStringSubmatch(text)
	if status != 201 || found == nil {
		r.t.Fatal(status, text)
	}
	return found[1]
}

// play opens a WebSocket in JSON and reads its first frame.
func (r *running) play(session string) net.Conn {
	r.t.Helper()
	dialer := ws.Dialer{Protocols: []string{"hunt.v1+json"}}
	conn, buffered, _, err := dialer.Dial(context.Background(),
		"ws://"+r.public+"/v1/hunts/h/play?session="+session)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	played := &early{conn, io.Reader(conn)}
	if buffered != nil {
		played.reader = io.MultiReader(buffered, conn)
	}
	if text := r.frame(played, ws.OpText); !strings.HasPrefix(text, `{"frame":{`) {
		r.t.Fatalf("the first message is %q", text)
	}
	return played
}

// early is a connection of which something was read already.
type early struct {
	net.Conn
	reader io.Reader
}

func (e *early) Read(p []byte) (int, error) { return e.reader.Read(p) }

// frame reads the next frame of a kind, and passes over the others.
func (r *running) frame(conn net.Conn, op ws.OpCode) string {
	r.t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		h, err := ws.ReadHeader(conn)
		if err != nil {
			r.t.Fatalf("no frame of the kind %d: %v", op, err)
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(conn, payload); err != nil {
			r.t.Fatal(err)
		}
		if h.OpCode == op {
			return string(payload)
		}
	}
}

// send sends a frame with a mask.
func (r *running) send(conn net.Conn, op ws.OpCode, payload string) {
	r.t.Helper()
	frame := ws.MaskFrame(ws.NewFrame(op, true, []byte(payload)))
	if err := ws.WriteFrame(conn, frame); err != nil {
		r.t.Fatal(err)
	}
}

// raw sends bytes on a new connection.
func (r *running) raw(bytes string) net.Conn {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.public)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, bytes); err != nil {
		r.t.Fatal(err)
	}
	return conn
}

// all reads until the server ends the stream.
func (r *running) all(conn net.Conn) string {
	r.t.Helper()
	text, err := io.ReadAll(conn)
	if err != nil {
		r.t.Fatal(fmt.Errorf("after %q: %w", text, err))
	}
	return string(text)
}
