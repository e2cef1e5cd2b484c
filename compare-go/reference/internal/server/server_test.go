package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"treasurehunt/internal/config"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

func TestAGameThroughBothLibraries(t *testing.T) {
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) { c.Tuning = tuning })
		r.setUp()
		session := r.join()
		auth := "Authorization: Bearer " + session
		for _, c := range []struct {
			method, path, body string
			status             int
			answer             string
		}{
			{"POST", "/v1/hunts/h/resolve", `{"treasure":"t","x":0,"y":0,"z":0}`, 200,
				`{"outcome":"claimed","loot":{"item":"i","points":5,"power_up":null},"score":5,"rank":1}`},
			{"POST", "/v1/hunts/h/resolve", `{"treasure":"t","x":0,"y":0}`, 422,
				`{"type":"urn:hunt:problem:invalid-body","title":"the request body is not valid",` +
					`"status":422,"detail":"a field is missing","path":"/z","line":1,"column":28}`},
			{"GET", "/v1/hunts/h/leaderboard?limit=1", "", 200,
				`{"hunt":"h","players":1,"rows":[{"rank":1,"player":0,"name":"Ada","score":5}]}`},
			{"GET", "/loot?session=3", "", 200,
				`{"session":3,"hunt":"h","loot":[{"treasure":"t","item":"i","points":5,"remaining":999999}]}`},
			{"GET", "/v1/hunts/x/status", "", 404,
				`{"type":"urn:hunt:problem:unknown-hunt","title":"no hunt has this id","status":404}`},
			{"DELETE", "/loot", "", 405, `{"type":"urn:hunt:problem:method-not-allowed",` +
				`"title":"the resource does not answer this method","status":405}`},
		} {
			status, text := r.call(c.method, r.public+c.path, c.body, auth)
			if status != c.status || text != c.answer {
				t.Errorf("%s %s: %d %s", c.method, c.path, status, text)
			}
		}
		if status, header, text := r.request("HEAD", r.public+"/loot", ""); status != 200 ||
			text != "" || header.Get("Content-Length") == "" {
			t.Errorf("HEAD: %d %v %q", status, header, text)
		}
	})
}

func TestPlayingThroughBothLibraries(t *testing.T) {
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) { c.Tuning = tuning })
		r.setUp()
		conn := r.play(r.join())
		for seq := range 20 {
			r.send(conn, ws.OpText, fmt.Sprintf(`{"seq":%d,"move":{"x":0,"y":0,"z":0}}`, seq))
			want := fmt.Sprintf(`{"moved":{"seq":%d,"outcome":"moved","x":0,"y":0,"z":0,"energy":100}}`, seq)
			for text := ""; text != want; {
				if text = r.frame(conn, ws.OpText); !strings.HasPrefix(text, `{"frame":{`) && text != want {
					t.Fatalf("answered with %s", text)
				}
			}
		}
		r.send(conn, ws.OpPing, "x")
		if got := r.frame(conn, ws.OpPong); got != "x" {
			t.Errorf("a ping is answered with %q", got)
		}
		r.send(conn, ws.OpClose, "\x03\xe8bye")
		if got := r.frame(conn, ws.OpClose); got != "\x03\xe8" {
			t.Errorf("a close is answered with %q", got)
		}
	})
}

// TestALengthThatIsNegativeEndsOneConnection holds the server to the frame by which a peer ends a
// process whose WebSocket library takes a length for a number with a sign.
func TestALengthThatIsNegativeEndsOneConnection(t *testing.T) {
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) { c.Tuning = tuning })
		r.setUp()
		conn := r.play(r.join())
		_, _ = io.WriteString(conn, "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
		if got := r.frame(conn, ws.OpClose); got != "\x03\xea" {
			t.Errorf("it is answered with %q", got)
		}
		r.join()
	})
}

func TestEveryLimitOfARequestIsCrossed(t *testing.T) {
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) {
			c.Tuning = tuning
			l := &c.Limits
			l.TargetBytesMax, l.HeadBytesMax, l.FieldsMax, l.BodyBytesMax = 64, 512, 4, 256
			l.HeadTimeoutMs, l.BodyTimeoutMs, l.KeepAliveMs = 100, 100, 200
		})
		for what, c := range map[string]struct{ sent, answer string }{
			"target": {"GET /" + strings.Repeat("a", 64) + " HTTP/1.1\r\nHost: a\r\n\r\n", "414"},
			"head": {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("b", 500) + "\r\n\r\n",
				"431"},
			"fields": {"GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: b\r\n", 4) + "\r\n",
				"431"},
			"body": {"POST /v1/hunts/h/players HTTP/1.1\r\nHost: a\r\nContent-Length: 257\r\n\r\n",
				"413"},
			"chunks": {"POST /v1/hunts/h/players HTTP/1.1\r\nHost: a\r\n" +
				"Transfer-Encoding: chunked\r\n\r\n101\r\n" + strings.Repeat("c", 257), "413"},
			"time of a head": {"GET / HT", "408"},
			"time of a body": {"POST /v1/hunts/h/players HTTP/1.1\r\nHost: a\r\n" +
				"Content-Length: 9\r\n\r\n{", "408"},
			"silence": {"", ""},
		} {
			got := r.all(r.raw(c.sent))
			if want := "HTTP/1.1 " + c.answer; c.answer != "" && !strings.HasPrefix(got, want) ||
				c.answer == "" && got != "" {
				t.Errorf("%s: %q", what, got)
			}
			if c.answer != "" && (!strings.Contains(got, "Connection: close") ||
				!strings.Contains(got, "application/problem+json")) {
				t.Errorf("%s is refused otherwise: %q", what, got)
			}
		}
	})
}

func TestAConnectionTooManyIsToldSo(t *testing.T) {
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) {
			c.Tuning, c.Limits.ConnectionsMax = tuning, 1
		})
		first := r.raw("GET /loot HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, err := http.ReadResponse(bufio.NewReader(first), nil); err != nil {
			t.Fatal(err)
		}
		if got := r.all(r.raw("")); !strings.HasSuffix(got, `"status":503}`) {
			t.Errorf("the second is told %q", got)
		}
		// Operators have connections of their own.
		if status, _ := r.call("GET", r.admin+"/healthz", ""); status != 200 {
			t.Errorf("an operator is told %d", status)
		}
	})
}

func TestPipelinedRequestsAreAnsweredInTheirOrder(t *testing.T) {
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) { c.Tuning = tuning })
		var sent strings.Builder
		for i := range 50 {
			fmt.Fprintf(&sent, "GET /loot?session=%d HTTP/1.1\r\nHost: a\r\n\r\n", i)
		}
		answers := bufio.NewReader(r.raw(sent.String()))
		for i := range 50 {
			answer, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(answer.Body)
			if want := fmt.Sprintf(`{"session":%d,"hunt":null,"loot":[]}`, i); string(body) != want {
				t.Fatalf("answer %d is %q", i, body)
			}
		}
	})
}

func TestADrainAnswersWhatWasReceivedAndTellsPlayers(t *testing.T) {
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) {
			c.Tuning, c.DrainMs = tuning, 1000
		})
		r.setUp()
		player := r.play(r.join())
		busy := r.raw("GET /loot?session=7 HTTP/1.1\r\n")
		time.Sleep(50 * time.Millisecond)
		began := time.Now()
		r.drain()
		time.Sleep(50 * time.Millisecond)
		if status, header, text := r.request("GET", r.admin+"/readyz", ""); status != 503 ||
			!strings.Contains(text, `"detail":"the server is draining"`) || header == nil {
			t.Errorf("/readyz: %d %s", status, text)
		}
		_, _ = io.WriteString(busy, "Host: a\r\n\r\n")
		if got := r.all(busy); !strings.HasPrefix(got, "HTTP/1.1 200") ||
			!strings.Contains(got, "Connection: close") {
			t.Errorf("what was under way is answered %q", got)
		}
		if got := r.frame(player, ws.OpClose); got != "\x03\xe9server is going away" {
			t.Errorf("the player is told %q", got)
		}
		r.send(player, ws.OpClose, "\x03\xe9")
		r.all(player)
		if err := <-r.ended; err != nil {
			t.Errorf("it ends with %v", err)
		}
		r.ended <- nil
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestADrainEndsInItsTimeWhateverPeersDo(t *testing.T) {
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) {
			c.Tuning, c.DrainMs = tuning, 200
		})
		r.setUp()
		r.play(r.join())
		r.raw("GET /loot HT")
		r.raw("POST /v1/hunts/h/players HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
		time.Sleep(20 * time.Millisecond)
		began := time.Now()
		r.drain()
		err := <-r.ended
		r.ended <- nil
		if took := time.Since(began); err != nil || took > 3*time.Second {
			t.Errorf("it took %v and ended with %v", took, err)
		}
	})
}

// TestTheMetricsHaveTheNamesOfTheRustServer holds every name of that server's source, its arenas,
// allocators, rings and mailboxes aside, against a scrape.
func TestTheMetricsHaveTheNamesOfTheRustServer(t *testing.T) {
	source, err := os.ReadFile("../../../../runtimes/server/src/metrics.rs")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := regexp.MustCompile(
		`^hunt_(arena_|ring_|worker_messages|log_events_suppressed|runtime_refused)`)
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) { c.Tuning = tuning })
		r.setUp()
		r.call("GET", r.public+"/nowhere", "")
		conn := r.play(r.join())
		status, header, text := r.request("GET", r.admin+"/metrics", "")
		if status != 200 || header.Get("Content-Type") !=
			"application/openmetrics-text; version=1.0.0; charset=utf-8" {
			t.Fatalf("%d %v", status, header)
		}
		for _, found := range regexp.MustCompile(`"((?:hunt|process)_[a-z_]+)"`).
			FindAllSubmatch(source, -1) {
			name := string(found[1])
			if !elsewhere.MatchString(name) &&
				!regexp.MustCompile(`(?m)^`+name+`(_total|_bytes|_seconds|_info|_bucket|_count)*[ {]`).
					MatchString(text) {
				t.Errorf("%s is not there", name)
			}
		}
		for _, line := range []string{
			`hunt_requests_total{route="/v1/quests/{quest}",status="201"} 1.0`,
			`hunt_requests_total{route="none",status="404"} 1.0`,
			`hunt_requests_total{route="/v1/hunts/{hunt}/play",status="101"} 1.0`,
			`hunt_hunts{state="running"} 1.0`,
			`hunt_websockets 1.0`, `hunt_watchers 1.0`, `hunt_ready 1.0`, `hunt_players 1.0`,
			`hunt_request_duration_seconds_bucket{le="1.6e-05"} `,
			`hunt_request_duration_seconds_bucket{le="+Inf"} 5`,
			`go_sched_latencies_seconds_bucket{`, `go_sched_pauses_total_gc_seconds_bucket{`,
			`go_gc_heap_allocs_bytes_total `, `go_gc_heap_allocs_objects_total `,
			`go_sched_gomaxprocs_threads `, `go_gc_gogc_percent `, `go_gc_gomemlimit_bytes `,
			`go_memory_classes_heap_objects_bytes `, `go_goroutines `,
		} {
			if !strings.Contains(text, "\n"+line) {
				t.Errorf("%s is not there", line)
			}
		}
		if !strings.HasPrefix(text, "# ") || !strings.HasSuffix(text, "\n# EOF\n") {
			t.Error("it is not OpenMetrics from end to end")
		}
		_ = conn.Close()
	})
}

func TestProfilesAreForOperators(t *testing.T) {
	eachServer(t, func(t *testing.T, library *Library, tuning config.Tuning) {
		r := start(t, library, func(c *config.Config) { c.Tuning = tuning })
		for path, part := range map[string]string{
			"/debug/pprof/": "goroutine", "/debug/pprof/goroutine?debug=1": "goroutine profile:",
			"/debug/pprof/profile?seconds=1": "",
		} {
			if status, text := r.call("GET", r.admin+path, ""); status != 200 ||
				!strings.Contains(text, part) {
				t.Errorf("%s: %d", path, status)
			}
		}
		if status, _ := r.call("GET", r.public+"/debug/pprof/", ""); status != 404 {
			t.Errorf("players get %d", status)
		}
	})
}

func TestTheDemoCanBePlayedAsItIsPrinted(t *testing.T) {
	for _, library := range libraries {
		r := start(t, library, func(c *config.Config) { c.Demo, c.Keys = true, nil })
		found := regexp.MustCompile(
			`curl -sS http://(\S+) -H 'authorization: Bearer (\S+)'.* -d '(.*)'`).
			FindStringSubmatch(r.said)
		if found == nil {
			t.Fatalf("it prints %q", r.said)
		}
		status, text := r.call("POST", found[1], found[3], "Authorization: Bearer "+found[2])
		if status != 200 || !strings.HasPrefix(text, `{"outcome":"claimed"`) {
			t.Errorf("%d %s", status, text)
		}
	}
	theirs, err := os.ReadFile("../../../../runtimes/server/src/demo/harbour.json")
	if err != nil || !bytes.Equal(theirs, harbour) {
		t.Errorf("the sample quest is not that of the Rust server: %v", err)
	}
}
