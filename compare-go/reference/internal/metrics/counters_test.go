package metrics

import (
	"strings"
	"sync"
	"testing"

	"treasurehunt/internal/game"
)

func exposed(counters *Counters) string {
	return string(NewExposition(counters, &Server{
		World: func() game.Figures { return game.Figures{} },
		Open:  func() int64 { return 0 }, Ready: func() bool { return false },
	}).Append(nil))
}

func TestWhatIsCountedInStripesIsShownAsOne(t *testing.T) {
	counters := NewCounters()
	var counting sync.WaitGroup
	for range 100 {
		counting.Go(func() {
			stripe := counters.Stripe()
			stripe.Responded(RouteLoot, 200)
			stripe.Responded(RouteNone, 599)
			stripe.BytesIn.Add(7)
			stripe.Slow.Add(2)
			stripe.Settled.Add(1)
		})
	}
	counting.Wait()
	text := exposed(counters)
	for _, line := range []string{
		`hunt_requests_total{route="/loot",status="200"} 100.0`,
		`hunt_requests_total{route="none",status="other"} 100.0`,
		`hunt_network_bytes_total{direction="in"} 700.0`,
		`hunt_slow_players 100.0`, `hunt_ready 0.0`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("%s is not shown", line)
		}
	}
}

func TestATimeLiesUnderTheNextPowerOfTwo(t *testing.T) {
	counters := NewCounters()
	stripe := counters.Stripe()
	// Bounds are exclusive in whole microseconds: 15 µs lie under 16, and 16 do not.
	for _, us := range []int64{-1, 0, 15, 16, 31, 1 << 23, 1<<24 - 1, 1 << 24, 1 << 40} {
		stripe.Took(us * 1000)
	}
	text := exposed(counters)
	for bound, count := range map[string]string{
		"1.6e-05": "3", "3.2e-05": "5", "8.388608": "5", "16.777216": "7", "+Inf": "9",
	} {
		if line := `_seconds_bucket{le="` + bound + `"} ` + count + "\n"; !strings.Contains(text, line) {
			t.Errorf("%s is not shown", line)
		}
	}
}
