package api

import (
	"strings"

	"treasurehunt/internal/metrics"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

// Listener says who connects to a listener.
type Listener uint8

// The listeners.
const (
	Public Listener = iota
	Admin
)

// resource is what a path names.
type resource struct {
	route metrics.Route
	id    vocab.ID
}

// traits are what is so for every resource of a route.
type traits struct {
	// allow are the methods that it answers, as Allow says them.
	allow    string
	listener Listener
	// parameters says that its query is read by itself.
	parameters bool
	// body says that PUT and POST need one.
	body bool
}

const (
	getMethods  = "GET, HEAD, OPTIONS"
	putMethods  = "OPTIONS, PUT"
	postMethods = "OPTIONS, POST"
	allMethods  = "GET, HEAD, OPTIONS, POST, PUT"
)

var routeTraits = [...]traits{
	metrics.RouteQuest:       {allow: putMethods, listener: Admin, body: true},
	metrics.RouteHunt:        {allow: putMethods, listener: Admin, body: true},
	metrics.RoutePlayers:     {allow: postMethods, body: true},
	metrics.RouteResolve:     {allow: postMethods, body: true},
	metrics.RouteStatus:      {allow: getMethods},
	metrics.RouteLeaderboard: {allow: getMethods, parameters: true},
	metrics.RoutePlay:        {allow: getMethods, parameters: true},
	metrics.RouteLoot:        {allow: getMethods, parameters: true},
	metrics.RouteHealthz:     {allow: getMethods, listener: Admin},
	metrics.RouteReadyz:      {allow: getMethods, listener: Admin},
	metrics.RouteMetrics:     {allow: getMethods, listener: Admin},
}

// answers says whether the method is one of those of Allow.
func (t *traits) answers(method string) bool {
	switch method {
	case "OPTIONS":
		return true
	case "GET", "HEAD":
		return t.allow == getMethods
	case "PUT":
		return t.allow == putMethods
	case "POST":
		return t.allow == postMethods
	}
	return false
}

// findResource is the resource of a path: matched segment by segment, each decoded by itself.
// Nothing is normalised: a dot or an empty segment is a name like any other.
func findResource(path string) (resource, *problem.Problem) {
	var segments [4]string
	count := 0
	for raw := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if count == len(segments) {
			return resource{}, problem.UnknownPath
		}
		segment, refusal := decode(raw)
		if refusal != nil {
			return resource{}, refusal
		}
		segments[count] = segment
		count++
	}
	first := segments[0]
	switch {
	case count == 1:
		if route, ok := rootRoutes[first]; ok {
			return resource{route: route}, nil
		}
	case first == "v1":
		return findOfVersion1(segments, count)
	case isOtherVersion(first):
		return resource{}, problem.UnknownAPIVersion
	}
	return resource{}, problem.UnknownPath
}

var rootRoutes = map[string]metrics.Route{
	"loot":    metrics.RouteLoot,
	"healthz": metrics.RouteHealthz,
	"readyz":  metrics.RouteReadyz,
	"metrics": metrics.RouteMetrics,
}

func findOfVersion1(segments [4]string, count int) (resource, *problem.Problem) {
	route := metrics.RouteNone
	switch {
	case count == 3 && segments[1] == "quests":
		route = metrics.RouteQuest
	case count == 3 && segments[1] == "hunts":
		route = metrics.RouteHunt
	case count == 4 && segments[1] == "hunts":
		route = routeOfHunt(segments[3])
	}
	if route == metrics.RouteNone {
		return resource{}, problem.UnknownPath
	}
	id, ok := vocab.ParseID(segments[2])
	if !ok {
		return resource{}, problem.InvalidID
	}
	return resource{route, id}, nil
}

func routeOfHunt(part string) metrics.Route {
	switch part {
	case "players":
		return metrics.RoutePlayers
	case "resolve":
		return metrics.RouteResolve
	case "status":
		return metrics.RouteStatus
	case "leaderboard":
		return metrics.RouteLeaderboard
	case "play":
		return metrics.RoutePlay
	}
	return metrics.RouteNone
}

// isOtherVersion says whether a segment is `v` and a number other than 1.
func isOtherVersion(segment string) bool {
	digits, ok := strings.CutPrefix(segment, "v")
	return ok && digits != "" && digits != "1" && strings.Trim(digits, "0123456789") == ""
}
