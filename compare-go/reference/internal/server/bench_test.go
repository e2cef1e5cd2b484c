package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"treasurehunt/internal/config"
	"treasurehunt/internal/racing"
)

// exchange is a request that is sent again and again on one connection, and answered in as many
// bytes each time. It allocates nothing, so that what is counted is the server's.
type exchange struct {
	conn    net.Conn
	request []byte
	answer  []byte
}

// newExchange makes the request once, to see how long its answer is.
func newExchange(tb testing.TB, r *running, request string) *exchange {
	tb.Helper()
	conn, err := net.Dial("tcp", r.public)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	e := &exchange{conn: conn, request: []byte(request)}
	answers := bufio.NewReader(conn)
	for range 2 {
		if _, err := conn.Write(e.request); err != nil {
			tb.Fatal(err)
		}
		head := 0
		for {
			line, err := answers.ReadSlice('\n')
			if err != nil {
				tb.Fatal(err)
			}
			head += len(line)
			var length int
			if n, _ := fmt.Sscanf(string(line), "Content-Length: %d", &length); n == 1 {
				e.answer = make([]byte, length)
			}
			if len(line) == 2 {
				break
			}
		}
		body := len(e.answer)
		if _, err := io.ReadFull(answers, e.answer); err != nil {
			tb.Fatal(err)
		}
		e.answer = make([]byte, head+body)
	}
	return e
}

// do makes the request and reads its answer.
func (e *exchange) do(tb testing.TB) {
	if _, err := e.conn.Write(e.request); err != nil {
		tb.Fatal(err)
	}
	if _, err := io.ReadFull(e.conn, e.answer); err != nil {
		tb.Fatal(err)
	}
}

const lootRequest = "GET /loot HTTP/1.1\r\nHost: a\r\n\r\n"

func resolveRequest(session string) string {
	const body = `{"treasure":"t","x":0,"y":0,"z":0}`
	return fmt.Sprintf("POST /v1/hunts/h/resolve HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", session, len(body), body)
}

// requests are those whose cost is watched, of a server that is set up.
func requests(r *running) map[string]string {
	r.setUp()
	return map[string]string{"loot": lootRequest, "resolve": resolveRequest(r.join())}
}

func BenchmarkRequest(b *testing.B) {
	for _, library := range libraries {
		for _, tuning := range []config.Tuning{config.Untuned, config.Tuned} {
			r := start(b, library, func(c *config.Config) { c.Tuning = tuning })
			for name, request := range requests(r) {
				b.Run(library.Program+"/"+tuning.String()+"/"+name, func(b *testing.B) {
					e := newExchange(b, r, request)
					b.ReportAllocs()
					for b.Loop() {
						e.do(b)
					}
				})
			}
		}
	}
}

func BenchmarkMessage(b *testing.B) {
	for _, tuning := range []config.Tuning{config.Untuned, config.Tuned} {
		r := start(b, libraries[0], func(c *config.Config) { c.Tuning = tuning })
		r.setUp()
		b.Run(tuning.String(), func(b *testing.B) {
			conn := r.play(r.join())
			message := ws.MaskFrame(ws.NewTextFrame(
				[]byte(`{"seq":1,"move":{"x":0,"y":0,"z":0}}`)))
			sent, answers := ws.MustCompileFrame(message), bufio.NewReader(conn)
			var header [ws.MaxHeaderSize]byte
			_ = conn.SetDeadline(time.Time{})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := conn.Write(sent); err != nil {
					b.Fatal(err)
				}
				// A broadcast may come in between: what follows is read the next time.
				h, err := ws.ReadHeaderBuffer(answers, header[:])
				if err != nil {
					b.Fatal(err)
				}
				if _, err := answers.Discard(int(h.Length)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestARequestAllocatesNoMoreThanItMust holds a request to what its library allocates by itself:
// net/http makes a request, a response, a context and their maps each time, fasthttp nothing.
func TestARequestAllocatesNoMoreThanItMust(t *testing.T) {
	if racing.Enabled {
		t.Skip("the race detector allocates by itself")
	}
	most := map[string]float64{
		"hunt-nethttp/loot": 18, "hunt-nethttp/resolve": 26,
		"hunt-fasthttp/loot": 0, "hunt-fasthttp/resolve": 0,
	}
	for _, library := range libraries {
		r := start(t, library, func(*config.Config) {})
		for name, request := range requests(r) {
			e := newExchange(t, r, request)
			got := testing.AllocsPerRun(2000, func() { e.do(t) })
			t.Logf("%s/%s: %.2f allocations", library.Program, name, got)
			if got > most[library.Program+"/"+name] {
				t.Errorf("%s/%s allocates %.2f times", library.Program, name, got)
			}
		}
	}
}
