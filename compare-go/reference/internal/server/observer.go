package server

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"time"

	"treasurehunt/internal/game"
	"treasurehunt/internal/metrics"
)

// Version is the version of the server, the same as that of the Rust server.
const Version = "0.1.0"

// observer answers what operators ask.
type observer struct {
	health     []byte
	exposition *metrics.Exposition
}

// health is the body of /healthz. New fields may come at the end.
type health struct {
	Status  string `json:"status"`
	Runtime string `json:"runtime"`
	Tuning  string `json:"tuning"`
	Workers int    `json:"workers"`
	Store   string `json:"store"`
	Version string `json:"version"`
}

func newObserver(n *node) *observer {
	workers := runtime.GOMAXPROCS(0)
	body, err := json.Marshal(health{
		"ok", n.library.Name, n.config.Tuning.String(), workers, "memory", Version,
	})
	if err != nil {
		panic("texts and numbers can be written: " + err.Error())
	}
	server := &metrics.Server{
		World: func() game.Figures { return n.service.World.Figures(time.Now().UnixMilli()) },
		Open:  n.open,
		// Operators have connections of their own.
		ConnectionsMax: n.config.Limits.ConnectionsMax,
		Ready:          func() bool { return !n.service.Draining.Load() },
		Workers:        workers,
		Runtime: map[string]string{
			"runtime": n.library.Name, "tuning": n.config.Tuning.String(), "store": "memory",
		},
		Build: map[string]string{
			"version": Version, "compiler": runtime.Version(),
			"target": runtime.GOOS + "/" + runtime.GOARCH, "commit": commit(), "pgo": profile(),
		},
	}
	return &observer{body, metrics.NewExposition(n.counters, server)}
}

func (o *observer) AppendHealth(dst []byte) []byte { return append(dst, o.health...) }

func (o *observer) AppendMetrics(dst []byte) []byte { return o.exposition.Append(dst) }

// commit is the commit that was built, where the build knew it.
func commit() string { return buildSetting("vcs.revision") }

// profile is the profile that the build was guided by, or empty.
func profile() string {
	if buildSetting("-pgo") == "" {
		return ""
	}
	return "default.pgo"
}

func buildSetting(key string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == key {
			return setting.Value
		}
	}
	return ""
}
