package server

import (
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"treasurehunt/internal/config"
)

// gogc is GOGC where the collector is tuned: the heap may grow to five times what lives. The limit
// of memory takes over where that would be too much.
const gogc = 400

// tune sets what the runtime is told. GOGC and GOMEMLIMIT of the environment go before it.
func tune(c *config.Config, log *slog.Logger) {
	if c.Workers > 0 {
		runtime.GOMAXPROCS(c.Workers)
	}
	if !c.Tuning.Has(config.TuneGC) {
		return
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gogc)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		if bytes := memory(); bytes > 0 {
			// The rest is for what the runtime does not count: sockets, the program itself.
			limit := bytes / 4 * 3
			debug.SetMemoryLimit(limit)
			log.Info("memory limit", "bytes", limit)
		}
	}
}

// memory is how much the process may use: what its cgroup allows, or all there is; 0 where that
// cannot be told.
func memory() int64 {
	total := memoryOfMachine()
	if limit := memoryOfCgroup("/sys/fs/cgroup"); limit > 0 && (total == 0 || limit < total) {
		return limit
	}
	return total
}

// memoryOfCgroup is the limit of a cgroup (version 2), 0 for none.
func memoryOfCgroup(folder string) int64 {
	text, err := os.ReadFile(folder + "/memory.max")
	if err != nil {
		return 0
	}
	bytes, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return bytes
}

func memoryOfMachine() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0] == "MemTotal:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err == nil {
				return kib * 1024
			}
		}
	}
	return 0
}
