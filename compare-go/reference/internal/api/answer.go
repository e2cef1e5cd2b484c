package api

import (
	"treasurehunt/internal/document"
	"treasurehunt/internal/metrics"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/token"
	"treasurehunt/internal/wire"
)

// Answer is what is answered.
type Answer struct {
	// Status is the status code.
	Status int
	// ContentType is empty where there is no content.
	ContentType string
	// Allow is the field, or empty.
	Allow string
	// Body is what was appended to, and the content.
	Body []byte
}

// The media types of answers.
const (
	JSONType    = "application/json"
	ProblemType = "application/problem+json"
	MetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8"
)

// Refuse is the answer that a refusal is.
func (s *Service) Refuse(refusal *problem.Problem, allow string, dst []byte) Answer {
	return Answer{refusal.Status, ProblemType, allow, s.Encoder.Problem(dst, refusal)}
}

// Answer answers a request that was not refused, whose body is complete. The content is appended to
// dst. A route with Upgrades is not for it.
func (s *Service) Answer(nowMs int64, route *Route, body, dst []byte) Answer {
	if route.options {
		return Answer{Status: 204, Allow: route.Allow, Body: dst}
	}
	answer, refusal := s.call(nowMs, route, body, dst)
	if refusal != nil {
		return s.Refuse(refusal, "", dst)
	}
	return answer
}

func (s *Service) call(
	nowMs int64, route *Route, body, dst []byte,
) (answer Answer, refusal *problem.Problem) {
	answer = Answer{Status: 200, ContentType: JSONType}
	switch route.Name {
	case metrics.RouteQuest:
		var quest wire.Quest
		if quest, refusal = s.World.PublishQuest(route.Hunt, body); refusal == nil {
			answer.Body = s.Encoder.Quest(dst, &quest)
			answer.created(quest.Created)
		}
	case metrics.RouteHunt:
		refusal = s.start(nowMs, route, body, dst, &answer)
	case metrics.RoutePlayers:
		refusal = s.join(nowMs, route, body, dst, &answer)
	case metrics.RouteResolve:
		refusal = s.resolve(nowMs, route, body, dst, &answer)
	case metrics.RouteStatus:
		var status wire.Status
		if status, refusal = s.World.Status(nowMs, route.Hunt); refusal == nil {
			answer.Body = s.Encoder.Status(dst, &status)
		}
	case metrics.RouteLeaderboard:
		refusal = s.board(nowMs, route, dst, &answer)
	case metrics.RouteLoot:
		table := s.World.Loot(nowMs, route.session, route.loot)
		route.loot = table.Rows
		answer.Body = s.Encoder.LootTable(dst, &table)
	case metrics.RouteHealthz:
		answer.Body = s.Observer.AppendHealth(dst)
	case metrics.RouteReadyz:
		if s.Draining.Load() {
			return answer, problem.NotReady.Because("the server is draining")
		}
		answer.Body = append(dst, `{"status":"ready"}`...)
	case metrics.RouteMetrics:
		answer.ContentType, answer.Body = MetricsType, s.Observer.AppendMetrics(dst)
	default:
		refusal = problem.Internal
	}
	return answer, refusal
}

func (a *Answer) created(created bool) {
	if created {
		a.Status = 201
	}
}

func (s *Service) start(
	nowMs int64, route *Route, body, dst []byte, answer *Answer,
) *problem.Problem {
	order, fault := document.ReadHunt(body)
	if fault != nil {
		return problem.InvalidBody.At(fault)
	}
	hunt, refusal := s.World.StartHunt(nowMs, route.Hunt, &order)
	if refusal == nil {
		answer.Body = s.Encoder.Hunt(dst, &hunt)
		answer.created(hunt.Created)
	}
	return refusal
}

func (s *Service) join(
	nowMs int64, route *Route, body, dst []byte, answer *Answer,
) *problem.Problem {
	name, fault := document.ReadPlayer(body)
	if fault != nil {
		return problem.InvalidBody.At(fault)
	}
	player, refusal := s.World.Join(nowMs, route.Hunt, name)
	if refusal != nil {
		return refusal
	}
	session := token.Session{Hunt: route.Hunt, Player: player}
	var text [128]byte
	joined := wire.Joined{
		Player:  player.Player,
		Session: s.Ring.AppendSession(text[:0], &session, nowMs+s.Limits.SessionTTLMs),
	}
	answer.Status, answer.Body = 201, s.Encoder.Joined(dst, &joined)
	return nil
}

func (s *Service) resolve(
	nowMs int64, route *Route, body, dst []byte, answer *Answer,
) *problem.Problem {
	order, fault := document.ReadResolve(body)
	if fault != nil {
		return problem.InvalidBody.At(fault)
	}
	resolved, refusal := s.World.Resolve(nowMs, route.Hunt, route.Player, &order)
	if refusal == nil {
		answer.Body = s.Encoder.Resolved(dst, &resolved)
	}
	return refusal
}

func (s *Service) board(nowMs int64, route *Route, dst []byte, answer *Answer) *problem.Problem {
	var board wire.Leaderboard
	var refusal *problem.Problem
	if route.hasAround {
		board, refusal = s.World.LeaderboardAround(
			nowMs, route.Hunt, route.around, route.limit, route.board)
	} else {
		board, refusal = s.World.Leaderboard(nowMs, route.Hunt, route.limit, route.board)
	}
	if refusal == nil {
		route.board = board.Rows
		answer.Body = s.Encoder.Leaderboard(dst, &board)
	}
	return refusal
}
