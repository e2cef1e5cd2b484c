package config

import "fmt"

// Limits are the bounds that a peer can run into. Bytes and milliseconds unless the name says a
// count.
type Limits struct {
	ConnectionsMax    int64
	TargetBytesMax    int64
	HeadBytesMax      int64
	FieldsMax         int64
	BodyBytesMax      int64
	QuestBytesMax     int64
	ChunkLineBytesMax int64
	TrailerBytesMax   int64
	PipelineMax       int64
	OutboundHighBytes int64
	OutboundBytesMax  int64
	MessageBytesMax   int64
	HeadTimeoutMs     int64
	BodyTimeoutMs     int64
	KeepAliveMs       int64
	WriteStallMs      int64
	LingerMs          int64
	PingMs            int64
	IdleMs            int64
	CloseMs           int64
	QuestsMax         int64
	HuntsMax          int64
	EndedKeepMs       int64
	SessionTTLMs      int64
}

// Limit is a row of the table of limits.
type Limit struct {
	// Name is the key in `[limits]`.
	Name string
	// What is bounded.
	What string
	// Crossed is what the peer sees when the bound is crossed.
	Crossed string
	// Unit is what is counted.
	Unit string
	// Default is the value where none is configured; Min and Max are those that are accepted.
	Default, Min, Max int64

	of func(*Limits) *int64
}

const (
	kib    = 1024
	mib    = 1024 * kib
	hourMs = 3_600_000
)

// LimitTable is every limit, with the names, ranges and defaults of the Rust server.
var LimitTable = []Limit{
	{"connections_max", "connections open at once", "503 and close, on the connection too many",
		"connections", 65_536, 1, 4_000_000,
		func(l *Limits) *int64 { return &l.ConnectionsMax }},
	{"target_bytes_max", "bytes of a request target", "414 and close",
		"bytes", 2 * kib, 64, 64 * kib,
		func(l *Limits) *int64 { return &l.TargetBytesMax }},
	{"head_bytes_max", "bytes of a request head, the empty line included", "431 and close",
		"bytes", 16 * kib, 256, mib,
		func(l *Limits) *int64 { return &l.HeadBytesMax }},
	{"fields_max", "field lines of a request head", "431 and close",
		"fields", 64, 4, 256,
		func(l *Limits) *int64 { return &l.FieldsMax }},
	{"body_bytes_max", "bytes of a request body, quests aside", "413 and close",
		"bytes", 64 * kib, 256, 64 * mib,
		func(l *Limits) *int64 { return &l.BodyBytesMax }},
	{"quest_bytes_max", "bytes of a quest document", "413 and close",
		"bytes", 4 * mib, kib, 256 * mib,
		func(l *Limits) *int64 { return &l.QuestBytesMax }},
	{"chunk_line_bytes_max", "bytes of a chunk-size line", "nothing: the library has its own",
		"bytes", 256, 16, 4 * kib,
		func(l *Limits) *int64 { return &l.ChunkLineBytesMax }},
	{"trailer_bytes_max", "bytes of all trailer field lines", "nothing: the library has its own",
		"bytes", 4 * kib, 64, 64 * kib,
		func(l *Limits) *int64 { return &l.TrailerBytesMax }},
	{"pipeline_max", "requests or messages of one connection that wait for their reply",
		"nothing: one is answered after the other",
		"requests", 32, 1, 1_024,
		func(l *Limits) *int64 { return &l.PipelineMax }},
	{"outbound_high_bytes", "unsent bytes at which broadcasts of a connection are conflated",
		"the latest frame instead of all missed ones",
		"bytes", 64 * kib, 4 * kib, 16 * mib,
		func(l *Limits) *int64 { return &l.OutboundHighBytes }},
	{"outbound_bytes_max", "unsent bytes of one WebSocket connection", "1008 and close",
		"bytes", 8 * mib, 64 * kib, 256 * mib,
		func(l *Limits) *int64 { return &l.OutboundBytesMax }},
	{"message_bytes_max", "bytes of a WebSocket message, all fragments together",
		"close code 1009",
		"bytes", 64 * kib, 125, 64 * mib,
		func(l *Limits) *int64 { return &l.MessageBytesMax }},
	{"head_timeout_ms", "from the first byte of a request to the end of its head",
		"408 and close",
		"milliseconds", 10_000, 50, hourMs,
		func(l *Limits) *int64 { return &l.HeadTimeoutMs }},
	{"body_timeout_ms", "from the end of a head to the end of its body", "408 and close",
		"milliseconds", 30_000, 50, hourMs,
		func(l *Limits) *int64 { return &l.BodyTimeoutMs }},
	{"keep_alive_ms", "without a request on an open connection", "close",
		"milliseconds", 75_000, 50, hourMs,
		func(l *Limits) *int64 { return &l.KeepAliveMs }},
	{"write_stall_ms", "without progress while bytes wait to be sent",
		"1008 and abort (WebSocket), abort (HTTP)",
		"milliseconds", 10_000, 50, hourMs,
		func(l *Limits) *int64 { return &l.WriteStallMs }},
	{"linger_ms", "from our last byte to the peer's end of stream", "abort",
		"milliseconds", 2_000, 10, 60_000,
		func(l *Limits) *int64 { return &l.LingerMs }},
	{"ping_ms", "without a byte from a WebSocket peer before it is pinged", "ping",
		"milliseconds", 20_000, 50, hourMs,
		func(l *Limits) *int64 { return &l.PingMs }},
	{"idle_ms", "without a byte from a WebSocket peer", "close code 1001",
		"milliseconds", 60_000, 100, hourMs,
		func(l *Limits) *int64 { return &l.IdleMs }},
	{"close_ms", "from our Close frame to the peer's", "abort",
		"milliseconds", 5_000, 10, 60_000,
		func(l *Limits) *int64 { return &l.CloseMs }},
	{"quests_max", "quests", "503 quests-full",
		"quests", 10_000, 1, 1_000_000,
		func(l *Limits) *int64 { return &l.QuestsMax }},
	{"hunts_max", "hunts, ended ones included until they are forgotten", "503 hunts-full",
		"hunts", 20_000, 1, 1_000_000,
		func(l *Limits) *int64 { return &l.HuntsMax }},
	{"ended_keep_ms", "for which an ended hunt can still be asked for", "404 unknown-hunt",
		"milliseconds", 600_000, 100, 24 * hourMs,
		func(l *Limits) *int64 { return &l.EndedKeepMs }},
	{"session_ttl_ms", "for which a session token is good", "401 session-expired",
		"milliseconds", 24 * hourMs, 100, 720 * hourMs,
		func(l *Limits) *int64 { return &l.SessionTTLMs }},
}

// DefaultLimits are the limits where none are configured.
func DefaultLimits() Limits {
	var limits Limits
	for _, row := range LimitTable {
		*row.of(&limits) = row.Default
	}
	return limits
}

func limitNamed(name string) (Limit, bool) {
	for _, row := range LimitTable {
		if row.Name == name {
			return row, true
		}
	}
	return Limit{}, false
}

func (row Limit) set(limits *Limits, value int64) error {
	if value < row.Min || value > row.Max {
		return fmt.Errorf("%d is outside %d to %d %s", value, row.Min, row.Max, row.Unit)
	}
	*row.of(limits) = value
	return nil
}
