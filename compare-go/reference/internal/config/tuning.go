package config

import (
	"fmt"
	"strings"
)

// Tuning is a set of tunings, each a bit. What is off is done as a team would that did not measure.
type Tuning uint8

// The tunings; README.md says what each gained.
const (
	// TuneGC collects garbage four times as seldom, below a limit of memory.
	TuneGC Tuning = 1 << iota
	// TuneJSON writes JSON by a function for each answer, and not through encoding/json.
	TuneJSON
	// TunePool takes the buffers of bodies, answers and WebSocket reads from pools, so that idle
	// connections hold none.
	TunePool
	// TuneDeadlines moves a connection's deadline only where it would fire too late.
	TuneDeadlines
	// TuneInline writes broadcasts where they are made, without waiting, and not in a goroutine for
	// each connection.
	TuneInline

	// Tuned is all of them.
	Tuned = TuneGC | TuneJSON | TunePool | TuneDeadlines | TuneInline
	// Untuned is none.
	Untuned Tuning = 0
)

var tuningNames = []string{"gc", "json", "pool", "deadlines", "inline"}

// Has says whether a tuning is on.
func (t Tuning) Has(one Tuning) bool { return t&one != 0 }

// String names the tunings as the flag takes them.
func (t Tuning) String() string {
	switch t {
	case Untuned:
		return "default"
	case Tuned:
		return "tuned"
	}
	var names []string
	for i, name := range tuningNames {
		if t.Has(1 << i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// ParseTuning reads `default`, `tuned`, or the names of tunings, parted by commas.
func ParseTuning(text string) (Tuning, error) {
	switch text {
	case "default":
		return Untuned, nil
	case "tuned":
		return Tuned, nil
	}
	var all Tuning
	for name := range strings.SplitSeq(text, ",") {
		one := indexOf(tuningNames, name)
		if one < 0 {
			choices := append([]string{"default", "tuned"}, tuningNames...)
			return 0, fmt.Errorf("no tuning is called %q; the nearest is %q of %s",
				name, nearest(name, choices), strings.Join(choices, ", "))
		}
		all |= 1 << one
	}
	return all, nil
}

func indexOf(names []string, name string) int {
	for i := range names {
		if names[i] == name {
			return i
		}
	}
	return -1
}
