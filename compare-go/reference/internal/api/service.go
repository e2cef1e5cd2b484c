// Package api is what HTTP means here, whatever library speaks it: which path is which resource and
// which methods it answers, in which order a request is looked at (R68), and what the answer is. An
// adapter gives it the head and the body that its library has read, and writes what it says. It
// knows no sockets.
package api

import (
	"errors"
	"sync/atomic"

	"treasurehunt/internal/config"
	"treasurehunt/internal/game"
	"treasurehunt/internal/metrics"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/token"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// Service answers requests. It is used by any number of goroutines.
type Service struct {
	World   *game.World
	Ring    *token.Ring
	Encoder wire.Encoder
	Limits  *config.Limits
	// Origins are those whose pages may open a WebSocket; none: every origin.
	Origins []string
	// AdminOnPublic says that admin requests are answered on the public listener too.
	AdminOnPublic bool
	// Observer answers operators.
	Observer Observer
	// Draining says that the server is ending: connections end with their next answer.
	Draining atomic.Bool
}

// Observer answers what operators ask of the server itself.
type Observer interface {
	// AppendHealth appends the body of `/healthz`.
	AppendHealth(dst []byte) []byte
	// AppendMetrics appends the body of `/metrics`.
	AppendMetrics(dst []byte) []byte
}

// Route is what the head of a request has decided.
type Route struct {
	// Name is what the request is counted as.
	Name metrics.Route
	// Refusal is why it goes nowhere; nil where it goes on.
	Refusal *problem.Problem
	// Allow goes with a 405, and with the answer to OPTIONS.
	Allow string
	// Close says that the connection ends with the refusal.
	Close bool
	// BodyBytesMax is the largest body that is read.
	BodyBytesMax int64
	// Handshake is that of a route with Upgrades.
	Handshake Handshake
	// Player is who plays; Hunt where.
	Player vocab.PlayerRef
	Hunt   vocab.ID

	options, takesBody, hasAround bool
	limit, around, session        uint32
	// Rows of earlier answers, whose memory later ones take.
	board []wire.BoardRow
	loot  []wire.LootRow
}

// Upgrades says that the answer is 101, if the game agrees.
func (r *Route) Upgrades() bool {
	return r.Refusal == nil && r.Name == metrics.RoutePlay && !r.options
}

// Route decides where a request goes (R68): path, method, query parameters, session, media type.
func (s *Service) Route(nowMs int64, listener Listener, head Head, route *Route) {
	*route = Route{
		BodyBytesMax: s.Limits.BodyBytesMax, board: route.board[:0], loot: route.loot[:0],
	}
	t, refusal := check(head, s.Limits)
	if refusal != nil {
		route.Refusal, route.Close = refusal, true
		return
	}
	method := head.Method()
	if t.asterisk {
		route.options, route.Allow = true, allMethods
		return
	}
	if method == "TRACE" || method == "CONNECT" {
		route.Refusal = problem.UnknownMethod
		return
	}
	found, refusal := findResource(t.path)
	if refusal == nil && !s.serves(listener, found.route) {
		refusal = problem.UnknownPath
	}
	if refusal == nil {
		route.Name, route.Hunt = found.route, found.id
		refusal = s.decide(nowMs, method, t.query, head, route)
	}
	route.refuse(refusal)
}

// refuse keeps a refusal. The connection ends with one that says that the request is malformed.
func (r *Route) refuse(refusal *problem.Problem) {
	r.Refusal = refusal
	r.Close = refusal != nil && refusal.Is(problem.MalformedRequest)
}

func (s *Service) serves(listener Listener, route metrics.Route) bool {
	of := routeTraits[route].listener
	return of == listener || listener == Public && s.AdminOnPublic
}

func (s *Service) decide(
	nowMs int64, method, query string, head Head, route *Route,
) *problem.Problem {
	traits := &routeTraits[route.Name]
	if !traits.answers(method) {
		route.Allow = traits.allow
		return problem.MethodNotAllowed
	}
	if method == "OPTIONS" {
		route.options, route.Allow = true, traits.allow
		return nil
	}
	var refusal *problem.Problem
	if !traits.parameters {
		if refusal = noParameters(query); refusal != nil {
			return refusal
		}
	}
	switch route.Name {
	case metrics.RouteQuest, metrics.RouteHunt:
		refusal = s.checkAdmin(nowMs, head)
	case metrics.RouteResolve:
		refusal = s.readSession(nowMs, head, route)
	case metrics.RouteLeaderboard:
		refusal = route.readBoardQuery(query)
	case metrics.RouteLoot:
		refusal = route.readLootQuery(query)
	case metrics.RoutePlay:
		refusal = s.readPlay(nowMs, query, head, route)
	}
	if refusal != nil || !traits.body {
		return refusal
	}
	if refusal = checkJSON(head); refusal != nil {
		return refusal
	}
	route.takesBody = true
	if route.Name == metrics.RouteQuest {
		route.BodyBytesMax = s.Limits.QuestBytesMax
	}
	return nil
}

// tokenBuffer holds any token that is good, so that a text becomes bytes without an allocation.
type tokenBuffer [192]byte

func (s *Service) checkAdmin(nowMs int64, head Head) *problem.Problem {
	text, given := bearer(head)
	if !given {
		return problem.AdminMissing
	}
	var buf tokenBuffer
	switch err := s.Ring.Admin(nowMs, append(buf[:0], text...)); {
	case err == nil:
		return nil
	case errors.Is(err, token.ErrExpired):
		return problem.AdminExpired
	}
	return problem.AdminInvalid
}

func (s *Service) readSession(nowMs int64, head Head, route *Route) *problem.Problem {
	text, given := bearer(head)
	if !given {
		return problem.SessionMissing
	}
	return s.takeSession(nowMs, text, route)
}

func (s *Service) takeSession(nowMs int64, text string, route *Route) *problem.Problem {
	var buf tokenBuffer
	session, err := s.Ring.Session(nowMs, append(buf[:0], text...))
	switch {
	case errors.Is(err, token.ErrExpired):
		return problem.SessionExpired
	case err != nil:
		return problem.SessionInvalid
	case session.Hunt != route.Hunt:
		return problem.SessionWrongHunt
	}
	route.Player = session.Player
	return nil
}

// readPlay reads the handshake, then the query, then the session; one in the query is taken before
// one in the field (R69).
func (s *Service) readPlay(nowMs int64, query string, head Head, route *Route) *problem.Problem {
	handshake, refusal := s.readHandshake(head)
	if refusal != nil {
		return refusal
	}
	route.Handshake = handshake
	var text string
	given := false
	refusal = eachParameter(query, func(name, value string) bool {
		if name != "session" || given {
			return false
		}
		text, given = value, true
		return true
	})
	if refusal != nil {
		return refusal
	}
	if given {
		return s.takeSession(nowMs, text, route)
	}
	return s.readSession(nowMs, head, route)
}
