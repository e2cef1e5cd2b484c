// Package metrics counts what the server does, in stripes so that cores do not share a line of
// cache, and shows it as OpenMetrics 1.0 text, beside what the Go runtime says of itself: scheduler
// latency, pauses and allocation. The names are those of the Rust server where they mean the same.
package metrics

import (
	"math/bits"
	"runtime"
	"sync/atomic"
)

// Route is what a request is counted as.
type Route uint8

// The routes.
const (
	RouteNone Route = iota
	RouteQuest
	RouteHunt
	RoutePlayers
	RouteResolve
	RouteStatus
	RouteLeaderboard
	RoutePlay
	RouteLoot
	RouteHealthz
	RouteReadyz
	RouteMetrics
	routeCount
)

var routeLabels = [routeCount]string{
	RouteNone:        "none",
	RouteQuest:       "/v1/quests/{quest}",
	RouteHunt:        "/v1/hunts/{hunt}",
	RoutePlayers:     "/v1/hunts/{hunt}/players",
	RouteResolve:     "/v1/hunts/{hunt}/resolve",
	RouteStatus:      "/v1/hunts/{hunt}/status",
	RouteLeaderboard: "/v1/hunts/{hunt}/leaderboard",
	RoutePlay:        "/v1/hunts/{hunt}/play",
	RouteLoot:        "/loot",
	RouteHealthz:     "/healthz",
	RouteReadyz:      "/readyz",
	RouteMetrics:     "/metrics",
}

// The statuses that responses are counted by; the last place counts any other.
var statuses = [...]int{
	101, 200, 201, 204, 400, 401, 403, 404, 405, 408, 409, 411, 413, 414, 415, 417, 422, 426, 431,
	500, 501, 503, 505, 100, 0,
}

// statusPlace is the place in statuses by status.
var statusPlace = func() (place [600]uint8) {
	for i := range place {
		place[i] = uint8(len(statuses) - 1)
	}
	for i, status := range statuses {
		place[status] = uint8(i)
	}
	return place
}()

// Bounds of the latency histogram: 2^4, 2^5, … 2^24 µs, and what is longer.
const (
	octaveMin   = 4
	octaveMax   = 24
	bucketCount = octaveMax - octaveMin + 2
)

// Stripe is one part of all counters. Whatever is counted goes to the stripe of its connection.
type Stripe struct {
	responses [routeCount][len(statuses)]atomic.Uint64
	// Requests by how long they took, and all of them added up, in nanoseconds.
	buckets [bucketCount]atomic.Uint64
	spent   atomic.Uint64

	Opened    atomic.Uint64 // connections accepted
	Closed    atomic.Uint64 // connections ended
	Refused   atomic.Uint64 // connections that were one too many
	Stuck     atomic.Uint64 // connections ended because they did not take their bytes
	TimedOut  atomic.Uint64 // connections ended by a time-out of reading
	BytesIn   atomic.Uint64
	BytesOut  atomic.Uint64
	FramesIn  atomic.Uint64 // WebSocket frames, control frames included
	FramesOut atomic.Uint64
	// WebSocket connections opened and ended.
	Upgraded, Left atomic.Uint64
	ProtocolErrors atomic.Uint64 // WebSocket connections closed for one
	Broadcasts     atomic.Uint64 // broadcast frames queued for a player
	Conflated      atomic.Uint64 // broadcast frames left out because a player was slow
	// Players that became slow, and that ceased to be.
	Slow, Settled atomic.Uint64

	_ [64]byte // The next stripe begins on another line.
}

// Responded counts a response.
func (s *Stripe) Responded(route Route, status int) {
	s.responses[route][statusPlace[status]].Add(1)
}

// Took counts how long a request took, in nanoseconds.
func (s *Stripe) Took(ns int64) {
	octave := bits.Len64(uint64(max(ns, 0)) / 1000)
	s.buckets[min(max(octave, octaveMin)-octaveMin, bucketCount-1)].Add(1)
	s.spent.Add(uint64(max(ns, 0)))
}

// Counters are all stripes.
type Counters struct {
	stripes []Stripe
	next    atomic.Uint32

	AcceptErrors atomic.Uint64
	// TickLateNs is by how much ticks came late, all together.
	TickLateNs atomic.Uint64
}

// NewCounters returns counters with four stripes for each core.
func NewCounters() *Counters {
	stripes := 1 << bits.Len(uint(4*runtime.GOMAXPROCS(0)-1))
	return &Counters{stripes: make([]Stripe, stripes)}
}

// Stripe is the stripe of a new connection: one after the other.
func (c *Counters) Stripe() *Stripe {
	return &c.stripes[c.next.Add(1)&uint32(len(c.stripes)-1)]
}

func (c *Counters) sum(of func(*Stripe) *atomic.Uint64) float64 {
	var total uint64
	for i := range c.stripes {
		total += of(&c.stripes[i]).Load()
	}
	return float64(total)
}

// less is how many of one kind there are now: those that began less those that ended.
func (c *Counters) less(began, ended func(*Stripe) *atomic.Uint64) float64 {
	// What ended is read first, so that the difference is never below zero.
	gone := c.sum(ended)
	return c.sum(began) - gone
}
