package config

import "strings"

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	// Origin is where it was said: `hunt.toml:3`, `environment HUNT_LISTEN`, `flag --listen`; empty
	// where it concerns several settings.
	Origin string
	// Key is the path of the key; empty where the fault concerns no single one.
	Key string
	// What is wrong; never any part of a secret.
	What string
}

func (f Fault) String() string {
	parts := make([]string, 0, 3)
	for _, part := range []string{f.Origin, f.Key, f.What} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Faults are everything that is wrong with a configuration; at least one.
type Faults []Fault

func (f Faults) Error() string {
	var text strings.Builder
	text.WriteString("the configuration is not valid")
	for _, fault := range f {
		text.WriteString("\n  ")
		text.WriteString(fault.String())
	}
	return text.String()
}

// nearest is the name that takes the fewest insertions, removals, replacements and swaps of
// neighbours; the first of several.
func nearest(name string, names []string) string {
	best, fewest := "", 1<<30
	for _, candidate := range names {
		if edits := distance(name, candidate); edits < fewest {
			best, fewest = candidate, edits
		}
	}
	return best
}

func distance(a, b string) int {
	// Three rows of the table of edits: of the prefix before last, of the last, of this one.
	before, last, this := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		this[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := last[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			this[j] = min(replaced, last[j]+1, this[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				this[j] = min(this[j], before[j-2]+1)
			}
		}
		before, last, this = last, this, before
	}
	return last[len(b)]
}
