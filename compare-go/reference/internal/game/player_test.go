package game

import (
	"os"
	"os/exec"
	"regexp"
	"testing"

	"treasurehunt/internal/document"
	"treasurehunt/internal/vocab"
)

var testRules = document.Rules{
	SpeedMax: 10, EnergyMax: 100, EnergyPerS: 5, PowerUpEnergy: 30, PowerUpMs: 5000,
	StartPowerUps: [...]uint8{vocab.Boost: 2, vocab.Reach: 1, vocab.Double: 0},
}

func TestAMoveReachesSpeedTimesRestAndOneUnitMore(t *testing.T) {
	for _, c := range []struct {
		x    float64
		t    uint32
		want bool
	}{
		{1, 1000, true}, {1.000001, 1000, false}, {11, 2000, true}, {11.01, 2000, false},
		{601, 61_000, true}, {601.5, 10_000_000, false}, {1, 0, true}, {1.5, 0, false},
	} {
		p := newPlayer(vocab.Point{}, &testRules, 1000)
		if got := p.canReach(vocab.Point{X: c.x}, &testRules, c.t); got != c.want {
			t.Errorf("%v at %d: %v", c.x, c.t, got)
		}
	}
}

// Fused instructions round once where the rules round twice. This machine may have none, so what
// the compiler makes for one that has is looked at.
func TestNoProductIsFusedWithASum(t *testing.T) {
	build := exec.Command("go", "build", "-gcflags=-S", ".")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	assembly, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, assembly)
	}
	if !regexp.MustCompile(`\sFMULD\s`).Match(assembly) {
		t.Fatal("no product at all: this is not the assembly of the game")
	}
	if fused := regexp.MustCompile(`.*\sFN?M(ADD|SUB)D\s.*`).Find(assembly); fused != nil {
		t.Errorf("%s", fused)
	}
}

func TestBoostDoublesTheSpeedWhileItLasts(t *testing.T) {
	p := newPlayer(vocab.Point{}, &testRules, 0)
	if outcome := p.usePowerUp(vocab.Boost, &testRules, 0); outcome != vocab.Used {
		t.Fatal(outcome)
	}
	to := vocab.Point{X: 99}
	if !p.canReach(to, &testRules, 4999) || p.canReach(to, &testRules, 5000) {
		t.Error("it is in effect while t < 5000")
	}
	if p.activeMs(vocab.Boost, 4999) != 1 || p.activeMs(vocab.Boost, 5000) != 0 {
		t.Error("what is left of it")
	}
}

func TestEnergyRegrowsToItsMaximumAndNoFurther(t *testing.T) {
	p := newPlayer(vocab.Point{}, &testRules, 0)
	p.usePowerUp(vocab.Boost, &testRules, 0)
	for at, want := range map[uint32]uint32{0: 70, 199: 70, 200: 71, 6000: 100, 1<<32 - 1: 100} {
		if got := p.energy(&testRules, at); got != want {
			t.Errorf("at %d: %d, not %d", at, got, want)
		}
	}
}

func TestAPowerUpIsRefusedWhenActiveAbsentOrUnaffordable(t *testing.T) {
	p := newPlayer(vocab.Point{}, &testRules, 0)
	use := func(powerUp vocab.PowerUp, rules document.Rules, at uint32) vocab.PowerUpOutcome {
		return p.usePowerUp(powerUp, &rules, at)
	}
	dear := testRules
	dear.PowerUpEnergy = 71
	if use(vocab.Double, testRules, 0) != vocab.NoneLeft ||
		use(vocab.Boost, testRules, 0) != vocab.Used {
		t.Error("two of boost, none of double")
	}
	before := p
	if use(vocab.Boost, testRules, 1) != vocab.Active ||
		use(vocab.Reach, dear, 199) != vocab.NoEnergy {
		t.Error("active, no energy")
	}
	if p != before {
		t.Error("they change something")
	}
	if use(vocab.Reach, dear, 200) != vocab.Used || p.powerUps != [3]uint8{1, 0, 0} {
		t.Errorf("%+v", p)
	}
}

func TestPowerUpsEndAt255AndKeyPlacesGoRound(t *testing.T) {
	p := newPlayer(vocab.Point{}, &testRules, 0)
	for range 300 {
		p.addPowerUp(vocab.Double)
	}
	if p.powerUps[vocab.Double-1] != 255 {
		t.Error(p.powerUps)
	}
	for i := range 2*KeysPerPlayer + 1 {
		if place := p.nextKeyPlace(); int(place) != i%KeysPerPlayer {
			t.Errorf("key %d at %d", i, place)
		}
	}
}
