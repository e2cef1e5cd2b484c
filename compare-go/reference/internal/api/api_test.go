package api

import (
	"net/textproto"
	"strings"
	"testing"

	"treasurehunt/internal/config"
	"treasurehunt/internal/game"
	"treasurehunt/internal/metrics"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/token"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// sent is a head as a test writes it.
type sent struct {
	method, target, host string
	minor                int
	fields               textproto.MIMEHeader
}

func (s *sent) Method() string             { return s.method }
func (s *sent) Target() string             { return s.target }
func (s *sent) Version() (int, int)        { return 1, s.minor }
func (s *sent) Host() string               { return s.host }
func (s *sent) Lines(name string) []string { return s.fields[name] }

func (s *sent) Size() (int, int) {
	bytes, fields := len(s.method)+len(s.target), 1
	for _, values := range s.fields {
		fields += len(values)
	}
	return bytes, fields
}

func (s *sent) Repeated() string {
	for _, name := range Singles {
		if len(s.fields[name]) > 1 {
			return name
		}
	}
	return ""
}

func (s *sent) Field(name string) (string, bool) {
	return s.fields.Get(name), len(s.fields[name]) > 0
}

// head is a request, with fields as `Name: value`.
func head(method, target string, fields ...string) *sent {
	s := &sent{method, target, "a", 1, textproto.MIMEHeader{}}
	for _, line := range fields {
		name, value, _ := strings.Cut(line, ": ")
		s.fields.Add(name, value)
	}
	return s
}

const now = 1_000_000

func service(t *testing.T) *Service {
	t.Helper()
	limits := config.DefaultLimits()
	ring, err := token.NewRing([]token.Key{{ID: 1, Secret: make([]byte, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	world := game.NewWorld(game.Limits{QuestsMax: 9, HuntsMax: 9, EndedKeepMs: 1000}, wire.Append)
	return &Service{World: world, Ring: ring, Limits: &limits}
}

func TestATargetHasOneOfFourForms(t *testing.T) {
	for _, c := range []struct{ method, target, path, query string }{
		{"GET", "/", "/", ""},
		{"GET", "/a%20b", "/a%20b", ""},
		{"GET", "/a?b=c?d/e", "/a", "b=c?d/e"},
		{"GET", "//a//b", "//a//b", ""},
		{"GET", "HTTP://A:80/b", "/b", ""},
		{"GET", "https://[::1]:8080", "/", ""},
		{"GET", "http://a?b", "/", "b"},
		{"OPTIONS", "*", "*", ""},
		{"OPTIONS", "http://a", "*", ""},
	} {
		got, refusal := parseTarget(c.method, c.target)
		if refusal != nil || got.path != c.path || got.query != c.query {
			t.Errorf("%s: %+v, %v", c.target, got, refusal)
		}
	}
	for target, detail := range map[string]string{
		"":              "malformed request target",
		"a":             "malformed request target",
		"ftp://a/":      "malformed request target",
		"/[a]":          "malformed request target",
		"/\xc3\xa4":     "malformed request target",
		"http://a/[b]":  "malformed request target",
		"/a#b":          "a fragment in the request target",
		"*":             "an asterisk is the target of OPTIONS only",
		"http://":       "malformed authority in the request target",
		"http://a@b/":   "malformed authority in the request target",
		"http://[1]/":   "malformed authority in the request target",
		"http://a:b/":   "malformed authority in the request target",
		"http://:80/":   "malformed authority in the request target",
		"http:///a":     "malformed authority in the request target",
		"http://a:1:1/": "malformed authority in the request target",
	} {
		if _, refusal := parseTarget("GET", target); refusal == nil || refusal.Detail != detail {
			t.Errorf("%s: %v", target, refusal)
		}
	}
}

func TestAnAuthorityIsAHostAndPerhapsAPort(t *testing.T) {
	for _, good := range strings.Fields("a a: a:80 a:00080 a:65535 127.0.0.1 [::1] [::1]:1 " +
		"[v1.a:b] [2001:db8::7] [::ffff:1.2.3.4] a_b~!$&'()*+,;= %41b xn--a.example.") {
		if !isAuthority(good) {
			t.Errorf("%s is refused", good)
		}
	}
	for _, bad := range append(strings.Fields(": :80 a:b a:65536 a:-1 a:80:80 a/b a? a@b [::1 ::1 "+
		"[] [1.2.3.4] [::1%25eth0] [::1]a [::g] [v.a] [vg.a] [v1.] [v1] %4 %zz a\\"), "", "a b") {
		if isAuthority(bad) {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func TestPathsAreMatchedSegmentBySegmentAfterDecoding(t *testing.T) {
	for path, route := range map[string]metrics.Route{
		"/loot":                    metrics.RouteLoot,
		"/%6coot":                  metrics.RouteLoot,
		"/v1/quests/q":             metrics.RouteQuest,
		"/v1/hunts/h":              metrics.RouteHunt,
		"/v1/hunts/h%31/%70lay":    metrics.RoutePlay,
		"/v1/hunts/h1/players":     metrics.RoutePlayers,
		"/v1/hunts/h1/resolve":     metrics.RouteResolve,
		"/v1/hunts/h1/status":      metrics.RouteStatus,
		"/v1/hunts/h1/leaderboard": metrics.RouteLeaderboard,
		"/healthz":                 metrics.RouteHealthz,
	} {
		if got, refusal := findResource(path); refusal != nil || got.route != route {
			t.Errorf("%s: %v, %v", path, got.route, refusal)
		}
	}
	for path, refusal := range map[string]*problem.Problem{
		"/v1/hunts/h%2f1/play": problem.InvalidID,
		"/v1/hunts//play":      problem.InvalidID,
		"/v1/hunts/%zz/play":   problem.MalformedRequest,
		"/v1/hunts/%00/play":   problem.MalformedRequest,
		"/":                    problem.UnknownPath,
		"/v1":                  problem.UnknownPath,
		"/v1/hunts":            problem.UnknownPath,
		"/loot/":               problem.UnknownPath,
		"/v1/hunts/h/play/":    problem.UnknownPath,
		"/v1/x/y":              problem.UnknownPath,
		"/v1x/hunts/h1":        problem.UnknownPath,
		"/v2/hunts/h1/play":    problem.UnknownAPIVersion,
		"/v0/hunts":            problem.UnknownAPIVersion,
	} {
		if _, got := findResource(path); got == nil || !got.Is(refusal) {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestParametersAreKnownGivenOnceAndInRange(t *testing.T) {
	var route Route
	if refusal := route.readBoardQuery("around=0&limit=1%300"); refusal != nil ||
		route.limit != 100 || route.around != 0 || !route.hasAround {
		t.Errorf("%+v, %v", route, refusal)
	}
	if refusal := route.readBoardQuery(""); refusal != nil || route.limit != 10 || route.hasAround {
		t.Errorf("%+v, %v", route, refusal)
	}
	for _, bad := range []string{
		"limit=0", "limit=101", "limit=01", "limit=1&limit=1", "limit", "x=1", "around=-1",
		"around=+1", "limit=1&&", "around=4294967296", "limit=1 ", "&",
	} {
		if refusal := route.readBoardQuery(bad); refusal == nil ||
			!refusal.Is(problem.InvalidQuery) {
			t.Errorf("%s: %v", bad, refusal)
		}
	}
	if refusal := route.readLootQuery("session=4294967295"); refusal != nil ||
		route.session != 1<<32-1 {
		t.Errorf("%d, %v", route.session, refusal)
	}
}

func TestOnlyJSONThatIsNotCodedIsTaken(t *testing.T) {
	for _, good := range []string{
		"X: y", "Content-Type: application/json", "Content-Type: APPLICATION/json; charset=UTF-8",
		"Content-Type: application/json;charset=\"utf-8\"; ", "Content-Encoding: identity",
	} {
		if refusal := checkJSON(head("POST", "/", good)); refusal != nil {
			t.Errorf("%s: %v", good, refusal)
		}
	}
	for _, bad := range []string{
		"Content-Type: text/plain", "Content-Type: application/jsonx", "Content-Encoding: gzip",
		"Content-Type: application/json; charset=latin1", "Content-Type: ",
		"Content-Type: application/j\u017fon", "Content-Type: application/json\u00a0",
	} {
		if refusal := checkJSON(head("POST", "/", bad)); refusal != problem.UnsupportedMediaType {
			t.Errorf("%s: %v", bad, refusal)
		}
	}
}

func TestWhatMayBeGivenOnceIsNotGivenTwice(t *testing.T) {
	s := service(t)
	for _, name := range Singles {
		var route Route
		s.Route(now, Public, head("GET", "/nowhere", name+": 13", name+": 13"), &route)
		if !route.Close || !strings.EqualFold(route.Refusal.Detail, "more than one "+name) {
			t.Errorf("%s: %v", name, route.Refusal)
		}
	}
	var route Route
	s.Route(now, Public, head("GET", "/[", "Origin: a", "Origin: a"), &route)
	if route.Refusal == nil || route.Refusal.Detail != "malformed request target" {
		t.Errorf("behind a bad target: %v", route.Refusal)
	}
}

func TestWhoseConnectionsPersist(t *testing.T) {
	for _, c := range []struct {
		minor    int
		options  string
		persists bool
	}{
		{1, "keep-alive", true},
		{1, "Upgrade, Close", false},
		{1, "clo\u017fe", true},
		{0, "", false},
		{0, "x, Keep-Alive", true},
		{0, "keep-alive, close", false},
	} {
		h := head("GET", "/", "Connection: "+c.options)
		if h.minor = c.minor; Persists(h) != c.persists {
			t.Errorf("1.%d, %q: %v", c.minor, c.options, !c.persists)
		}
	}
}

func TestAHandshakeIsHeldToTheRFC(t *testing.T) {
	s := service(t)
	good := []string{
		"Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-Websocket-Version: 13",
		"Sec-Websocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}
	h, refusal := s.readHandshake(head("GET", "/", append(good,
		"Sec-Websocket-Protocol: chat, hunt.v1", "Sec-Websocket-Protocol: hunt.v1+json")...))
	if refusal != nil || h.Accept != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" || h.Codec != vocab.Protobuf ||
		h.Protocol != "hunt.v1" {
		t.Errorf("%+v, %v", h, refusal)
	}
	s.Origins = []string{"https://a"}
	for i, c := range []struct {
		fields  []string
		problem *problem.Problem
	}{
		{good[1:], problem.UpgradeRequired},
		{good[:2], problem.UpgradeRequired},
		{good[:3], problem.InvalidHandshake},
		{append(good[:3:3], "Sec-Websocket-Key: AAAA"), problem.InvalidHandshake},
		{append(good[:4:4], "Origin: https://b"), problem.OriginRefused},
		{append(good[:4:4], "Sec-Websocket-Protocol: x"), problem.UnsupportedSubprotocol},
	} {
		if _, refusal := s.readHandshake(head("GET", "/", c.fields...)); refusal == nil ||
			!refusal.Is(c.problem) {
			t.Errorf("%d: %v", i, refusal)
		}
	}
	listed := head("GET", "/", append(good, "Origin: HTTPS://A")...)
	if _, refusal := s.readHandshake(listed); refusal != nil {
		t.Errorf("a listed origin: %v", refusal)
	}
}

// TestWhatIsLookedAtFirst crosses the order of R68 fault by fault.
func TestWhatIsLookedAtFirst(t *testing.T) {
	s := service(t)
	hunt, _ := vocab.ParseID("h")
	session := token.Session{Hunt: hunt}
	bearer := "Authorization: Bearer " + string(s.Ring.AppendSession(nil, &session, now+1000))
	for i, c := range []struct {
		head    *sent
		problem *problem.Problem
	}{
		{head("GET", "/nowhere?x"), problem.UnknownPath},
		{head("GET", "/v1/hunts/h/resolve?x"), problem.MethodNotAllowed},
		{head("POST", "/v1/hunts/h/resolve?x"), problem.InvalidQuery},
		{head("POST", "/v1/hunts/h/resolve", "Content-Type: x"), problem.SessionMissing},
		{head("POST", "/v1/hunts/h/resolve", "Authorization: Bearer x"), problem.SessionInvalid},
		{head("POST", "/v1/hunts/other/resolve", bearer), problem.SessionWrongHunt},
		{head("POST", "/v1/hunts/h/resolve", "Content-Type: x", bearer), problem.UnsupportedMediaType},
		{head("PUT", "/v1/hunts/h", bearer), problem.UnknownPath},
		{head("GET", "/v1/hunts/h/play?x"), problem.UpgradeRequired},
		{head("TRACE", "/loot"), problem.UnknownMethod},
		{head("BREW", "/loot"), problem.UnknownMethod},
		{head("GET", "/"+strings.Repeat("a", 2048)), problem.TargetTooLong},
	} {
		var route Route
		s.Route(now, Public, c.head, &route)
		if route.Refusal == nil || !route.Refusal.Is(c.problem) {
			t.Errorf("%d: %v", i, route.Refusal)
		}
	}
	var route Route
	s.Route(now, Public, head("POST", "/v1/hunts/h/resolve", bearer), &route)
	if route.Refusal != nil || !route.Wants() {
		t.Errorf("a good request: %v", route.Refusal)
	}
	s.Route(now+1000, Public, head("POST", "/v1/hunts/h/resolve", bearer), &route)
	if route.Refusal != problem.SessionExpired {
		t.Errorf("after its expiry: %v", route.Refusal)
	}
	s.AdminOnPublic = true
	s.Route(now, Public, head("PUT", "/v1/hunts/h", bearer), &route)
	if route.Refusal != problem.AdminInvalid {
		t.Errorf("an admin call on the public listener: %v", route.Refusal)
	}
}

func TestWhetherABodyIsRead(t *testing.T) {
	s := service(t)
	most := s.Limits.BodyBytesMax
	const expects, other = "Expect: 100-Continue", "Expect: miracles"
	s.AdminOnPublic = true
	quest := func(fields ...string) *sent {
		auth := "Authorization: Bearer " + string(s.Ring.AppendAdmin(nil, now+1000))
		return head("PUT", "/v1/quests/q", append(fields, auth)...)
	}
	for i, c := range []struct {
		head    *sent
		length  int64
		reads   bool
		closes  bool
		problem *problem.Problem
	}{
		{head("POST", "/v1/hunts/h/players"), 5, true, false, nil},
		{head("POST", "/v1/hunts/h/players"), Chunked, true, false, nil},
		{head("POST", "/v1/hunts/h/players"), 0, false, false, nil},
		{head("POST", "/v1/hunts/h/players"), NoBody, false, false, problem.LengthRequired},
		{head("POST", "/v1/hunts/h/players"), most + 1, false, true, problem.BodyTooLarge},
		{head("POST", "/v1/hunts/h/players", expects), 5, true, false, nil},
		{head("POST", "/v1/hunts/h/players", other), 5, false, true, problem.ExpectationFailed},
		{head("POST", "/v1/hunts/h/players", expects, other), 5, false, true, problem.MalformedRequest},
		{head("GET", "/loot", other), NoBody, false, false, problem.ExpectationFailed},
		{head("GET", "/loot"), 5, true, false, nil},
		{head("POST", "/nowhere"), 5, true, false, problem.UnknownPath},
		{head("POST", "/nowhere", expects), 5, false, true, problem.UnknownPath},
		{head("POST", "/nowhere"), most + 1, false, true, problem.UnknownPath},
		{head("BREW", "/loot"), 5, false, true, problem.UnknownMethod},
		{quest(), most + 1, true, false, nil},
		{quest(), s.Limits.QuestBytesMax + 1, false, true, problem.BodyTooLarge},
		{quest("Content-Type: text/plain"), most + 1, false, true, problem.UnsupportedMediaType},
	} {
		var route Route
		s.Route(now, Public, c.head, &route)
		reads := s.Admit(c.head, c.length, &route)
		if reads != c.reads || route.Close != c.closes ||
			(c.problem == nil) != (route.Refusal == nil) ||
			c.problem != nil && !route.Refusal.Is(c.problem) {
			t.Errorf("%d: reads %v, closes %v, %v", i, reads, route.Close, route.Refusal)
		}
	}
}

func TestTrailersAreHeldToTheirRules(t *testing.T) {
	limits := config.DefaultLimits()
	for _, c := range []struct {
		trailer map[string][]string
		detail  string
	}{
		{map[string][]string{"X": {"y", "z"}}, ""},
		{map[string][]string{"Content-Length": {"2"}}, "a field that cannot be a trailer"},
		{map[string][]string{"X ": {"y"}}, "malformed name of a trailer field"},
		{map[string][]string{"X": {strings.Repeat("y", 4096)}}, "trailers over their limit"},
	} {
		refusal := CheckTrailer(c.trailer, &limits)
		if (refusal == nil) != (c.detail == "") || refusal != nil && refusal.Detail != c.detail {
			t.Errorf("%v: %v", c.trailer, refusal)
		}
	}
}

func TestOptionsNamesTheMethods(t *testing.T) {
	s := service(t)
	for target, allow := range map[string]string{
		"*": "GET, HEAD, OPTIONS, POST, PUT", "/loot": "GET, HEAD, OPTIONS",
		"/v1/hunts/h/players": "OPTIONS, POST",
	} {
		var route Route
		s.Route(now, Public, head("OPTIONS", target), &route)
		answer := s.Answer(now, &route, nil, nil)
		if answer.Status != 204 || answer.Allow != allow || len(answer.Body) > 0 {
			t.Errorf("%s: %+v", target, answer)
		}
	}
}
