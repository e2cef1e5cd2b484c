//go:build race

// Package racing tells tests whether the race detector is on: pools drop values at random then, so
// that allocations cannot be counted.
package racing

// Enabled says whether the race detector is on.
const Enabled = true
