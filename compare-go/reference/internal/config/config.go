// Package config reads what a server is told: flags before the environment, the environment before
// the file, the file before the defaults. The file is the TOML file of the Rust server; what only
// that server has is accepted and named in a warning. Everything that is wrong in any of them is
// found in one go. It knows names, ranges and texts, and starts nothing.
package config

import (
	"fmt"
	"net/netip"

	"treasurehunt/internal/token"
)

// Config is everything that `serve` needs to know.
type Config struct {
	// Listen is where players connect, Admin where operators do.
	Listen, Admin netip.AddrPort
	// AdminOnPublic says that admin requests are answered on the public listener too.
	AdminOnPublic bool
	// AllowedOrigins are those whose pages may open a WebSocket; none named: every origin.
	AllowedOrigins []string
	// Workers is GOMAXPROCS; 0 leaves it to the runtime, which counts the cores and the cgroup's.
	Workers int
	// DrainMs is how long a graceful end may take.
	DrainMs int64
	// Demo says that a sample is set up.
	Demo bool
	// Log is the least level that is logged: debug, info, warn, error, or off.
	Log string
	// LogFormat is text or json.
	LogFormat string
	// KeyFile is where the keys are read from, where that is a file.
	KeyFile string
	// Keys are the signing keys, the first signs; none where none are configured.
	Keys []token.Key
	// Tuning says which tunings are on.
	Tuning Tuning
	// Limits are the bounds that a peer can run into.
	Limits Limits
}

// Default is the configuration of a server that is told nothing.
func Default() Config {
	return Config{
		Listen:    netip.MustParseAddrPort("127.0.0.1:8080"),
		Admin:     netip.MustParseAddrPort("127.0.0.1:9090"),
		DrainMs:   5_000,
		Log:       "info",
		LogFormat: "text",
		Tuning:    Tuned,
		Limits:    DefaultLimits(),
	}
}

// contradictions are what is wrong with the settings taken together.
func (c *Config) contradictions() []string {
	var found []string
	if c.Listen == c.Admin && c.Listen.Port() != 0 {
		found = append(found,
			fmt.Sprintf("listen and admin are both %v; they need two ports", c.Listen))
	}
	return append(found, c.Limits.greater("outbound_high_bytes", "outbound_bytes_max")...)
}

// doubts are settings that work and are hardly meant.
func (c *Config) doubts() []string {
	return append(c.Limits.greater("target_bytes_max", "head_bytes_max"),
		c.Limits.greater("ping_ms", "idle_ms")...)
}

func (l *Limits) greater(less, more string) []string {
	low, _ := limitNamed(less)
	high, _ := limitNamed(more)
	if lower, higher := *low.of(l), *high.of(l); lower > higher {
		return []string{fmt.Sprintf(
			"limits.%s (%d) is greater than limits.%s (%d)", less, lower, more, higher)}
	}
	return nil
}
