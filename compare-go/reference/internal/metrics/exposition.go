package metrics

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"treasurehunt/internal/game"
)

// Server is what is shown beside the counters.
type Server struct {
	// World tells the figures of the game.
	World func() game.Figures
	// Open tells how many connections are open.
	Open func() int64
	// ConnectionsMax is how many may be.
	ConnectionsMax int64
	// Ready says whether /readyz answers 200.
	Ready func() bool
	// Workers is GOMAXPROCS.
	Workers int
	// Runtime and Build are labels of hunt_runtime_info and hunt_build_info.
	Runtime, Build map[string]string
}

// Exposition writes all metrics.
type Exposition struct {
	registry *prometheus.Registry
}

// NewExposition returns the exposition of a server.
func NewExposition(counters *Counters, server *Server) *Exposition {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewGoCollector(
			collectors.WithGoCollectorMemStatsMetricsDisabled(),
			collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{
				Matcher: runtimeMetrics,
			}),
		),
		&collector{counters: counters, server: server},
	)
	return &Exposition{registry}
}

// runtimeMetrics are what the runtime tells beside goroutines and threads: scheduler latency,
// pauses and cycles of the collector, allocation, heap, GOMAXPROCS, GOGC and GOMEMLIMIT, CPU by
// class.
var runtimeMetrics = regexp.MustCompile(`^(/sched/(latencies|gomaxprocs|pauses/).*` +
	`|/gc/(heap|cycles|gogc|gomemlimit|scan|stack|pauses).*` +
	`|/memory/classes/.*|/cpu/classes/.*|/sync/mutex/.*)$`)

// Append appends the exposition, OpenMetrics 1.0 text.
func (e *Exposition) Append(dst []byte) []byte {
	families, err := e.registry.Gather()
	text := bytes.NewBuffer(dst)
	encoder := expfmt.NewEncoder(text, expfmt.NewFormat(expfmt.TypeOpenMetrics))
	for _, family := range families {
		if encodeErr := encoder.Encode(family); err == nil {
			err = encodeErr
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok {
		_ = closer.Close()
	}
	if err != nil {
		// A part that cannot be had leaves the others as they are.
		failedScrapes.Add(1)
	}
	return text.Bytes()
}

var failedScrapes atomic.Uint64

// collector shows the counters at a scrape; nothing is counted in it.
type collector struct {
	counters *Counters
	server   *Server
}

// Describe sends nothing: which series there are depends on what has happened.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends every family.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := sink{out}
	c.requests(s)
	c.connections(s)
	c.websockets(s)
	c.game(s)
	c.process(s)
}

func (c *collector) requests(s sink) {
	const help = "Responses, by route and status; status other counts what is not listed."
	var took [bucketCount]uint64
	var spent uint64
	var responses [routeCount][len(statuses)]uint64
	for i := range c.counters.stripes {
		stripe := &c.counters.stripes[i]
		for route := range responses {
			for place := range responses[route] {
				responses[route][place] += stripe.responses[route][place].Load()
			}
		}
		for bucket := range took {
			took[bucket] += stripe.buckets[bucket].Load()
		}
		spent += stripe.spent.Load()
	}
	for route, counts := range responses {
		for place, count := range counts {
			if count > 0 {
				status := "other"
				if statuses[place] != 0 {
					status = strconv.Itoa(statuses[place])
				}
				s.counter("hunt_requests_total", help, float64(count),
					"route", routeLabels[route], "status", status)
			}
		}
	}
	bounds := make(map[float64]uint64, bucketCount)
	total := uint64(0)
	for bucket, count := range took {
		total += count
		if bucket < bucketCount-1 {
			bounds[float64(uint64(1)<<(octaveMin+bucket))/1e6] = total
		}
	}
	s.send(prometheus.NewConstHistogram(
		describe("hunt_request_duration_seconds",
			"From a head being read to its answer being handed over."),
		total, float64(spent)/1e9, bounds))
}

func (c *collector) connections(s sink) {
	n := c.counters
	s.gauge("hunt_connections", "Connections open now.", float64(c.server.Open()))
	s.gauge("hunt_connections_limit", "Connections that may be open.",
		float64(c.server.ConnectionsMax))
	s.counter("hunt_connections_opened_total", "Connections accepted.",
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.Opened }))
	s.counter("hunt_connections_closed_total", "Connections ended.",
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.Closed }))
	s.counter("hunt_connections_stuck_total",
		"Connections ended because they did not take their bytes.",
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.Stuck }))
	s.counter("hunt_connections_timed_out_total",
		"Connections ended by a time-out: 408, keep-alive, idle, closing.",
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.TimedOut }))
	s.counter("hunt_connections_refused_total",
		"Connections that were one too many, and were told so.",
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.Refused }))
	s.counter("hunt_accept_errors_total",
		"Errors of accepting a connection, such as too many open files.",
		float64(n.AcceptErrors.Load()))
	const help = "Bytes of all connections."
	s.counter("hunt_network_bytes_total", help,
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.BytesIn }), "direction", "in")
	s.counter("hunt_network_bytes_total", help,
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.BytesOut }), "direction", "out")
}

func (c *collector) websockets(s sink) {
	n := c.counters
	s.gauge("hunt_websockets", "WebSocket connections open now.", n.less(
		func(s *Stripe) *atomic.Uint64 { return &s.Upgraded },
		func(s *Stripe) *atomic.Uint64 { return &s.Left }))
	const help = "WebSocket frames, control frames and broadcasts included."
	s.counter("hunt_websocket_frames_total", help,
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.FramesIn }), "direction", "in")
	s.counter("hunt_websocket_frames_total", help,
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.FramesOut }), "direction", "out")
	s.counter("hunt_websocket_protocol_errors_total",
		"WebSocket connections that were closed for a protocol error.",
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.ProtocolErrors }))
	s.counter("hunt_broadcasts_total", "Broadcast frames queued for a player.",
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.Broadcasts }))
	s.counter("hunt_broadcasts_conflated_total",
		"Broadcast frames left out because a player was slow.",
		n.sum(func(s *Stripe) *atomic.Uint64 { return &s.Conflated }))
	s.gauge("hunt_slow_players", "Players that are slow now.", n.less(
		func(s *Stripe) *atomic.Uint64 { return &s.Slow },
		func(s *Stripe) *atomic.Uint64 { return &s.Settled }))
}

func (c *collector) game(s sink) {
	world := c.server.World()
	s.gauge("hunt_quests", "Quests that are held.", float64(world.Quests))
	const help = "Hunts that are held, by the state of their round."
	s.gauge("hunt_hunts", help, float64(world.HuntsRunning), "state", "running")
	s.gauge("hunt_hunts", help, float64(world.HuntsEnded), "state", "ended")
	s.gauge("hunt_players", "Players of the rounds that are held.", float64(world.Players))
	s.gauge("hunt_watchers", "WebSocket connections that watch a hunt.", float64(world.Watchers))
	s.counter("hunt_claims_total", "Treasures opened.", float64(world.Claims))
}

func (c *collector) process(s sink) {
	s.info("hunt_runtime_info", "What was chosen at the start.", c.server.Runtime)
	s.info("hunt_build_info", "What this build is.", c.server.Build)
	s.gauge("hunt_workers", "Worker threads.", float64(c.server.Workers))
	s.counter("hunt_tick_late_seconds_total",
		"By how much ticks came late, all together: how busy they are.",
		float64(c.counters.TickLateNs.Load())/1e9)
	ready := 0.0
	if c.server.Ready() {
		ready = 1
	}
	s.gauge("hunt_ready", "1 while the server takes new players, 0 while it starts or drains.",
		ready)
	s.counter("hunt_scrapes_failed_total", "Scrapes that left a part out.",
		float64(failedScrapes.Load()))
}

// sink sends metrics of one value. Labels are names and values in turn.
type sink struct{ out chan<- prometheus.Metric }

func (s sink) counter(name, help string, value float64, labels ...string) {
	s.value(prometheus.CounterValue, name, help, value, labels)
}

func (s sink) gauge(name, help string, value float64, labels ...string) {
	s.value(prometheus.GaugeValue, name, help, value, labels)
}

func (s sink) info(name, help string, facts map[string]string) {
	s.send(prometheus.NewConstMetric(
		prometheus.NewDesc(name, help, nil, prometheus.Labels(facts)), prometheus.GaugeValue, 1))
}

func (s sink) value(
	kind prometheus.ValueType, name, help string, value float64, labels []string,
) {
	var names, values []string
	for i := 0; i < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	s.send(prometheus.NewConstMetric(
		prometheus.NewDesc(name, help, names, nil), kind, value, values...))
}

func (s sink) send(metric prometheus.Metric, err error) {
	if err != nil {
		panic(fmt.Sprintf("a metric has the labels of its description: %v", err))
	}
	s.out <- metric
}

func describe(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, nil, nil)
}
