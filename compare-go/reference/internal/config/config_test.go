package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// repository is the root of the repository that this module is a part of.
const repository = "../../../../"

func load(t *testing.T, file string, args []string, env ...string) (*Loaded, string) {
	t.Helper()
	if file != "" {
		path := filepath.Join(t.TempDir(), "hunt.toml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append([]string{"--config", path}, args...)
	}
	flags, rest, err := ParseFlags(args)
	if err != nil || len(rest) > 0 {
		t.Fatalf("flags: %v, rest %q", err, rest)
	}
	loaded, err := Load(flags, env)
	if err != nil {
		return nil, err.Error()
	}
	return loaded, ""
}

const secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func TestTheConfigurationOfTheTranscriptsIsAcceptedWhole(t *testing.T) {
	loaded, err := Load(Flags{File: repository + "golden/server.toml"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded.Warnings) > 0 {
		t.Errorf("warnings: %q", loaded.Warnings)
	}
	if len(loaded.Keys) != 2 || loaded.Keys[0].ID != 2 || loaded.DrainMs != 1500 ||
		loaded.Limits.BodyBytesMax != 512 || loaded.AllowedOrigins[0] != "https://play.example.org" {
		t.Errorf("read as %+v", loaded.Config)
	}
}

func TestTheLimitsAreThoseOfTheEngine(t *testing.T) {
	text, err := os.ReadFile(repository + "engine-core/src/limits.rs")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^    (\w+) = ([^,]+), ([^,]+), ([^,]+), "`)
	number := func(text string) int64 {
		product := int64(1)
		for factor := range strings.SplitSeq(strings.ReplaceAll(text, "_", ""), "*") {
			switch factor = strings.TrimSpace(factor); factor {
			case "KIB":
				product *= kib
			case "MIB":
				product *= mib
			case "HOURMS":
				product *= hourMs
			default:
				n, err := strconv.ParseInt(factor, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				product *= n
			}
		}
		return product
	}
	rows := row.FindAllStringSubmatch(string(text), -1)
	if len(rows) != len(LimitTable) {
		t.Fatalf("the engine has %d limits, this server %d", len(rows), len(LimitTable))
	}
	for i, theirs := range rows {
		ours := LimitTable[i]
		name := theirs[1]
		if ours.Name != name || ours.Default != number(theirs[2]) ||
			ours.Min != number(theirs[3]) || ours.Max != number(theirs[4]) {
			t.Errorf("%s: %+v is not %q", name, ours, theirs[1:])
		}
	}
}

func TestEveryLimitCanBeSetWithinItsRange(t *testing.T) {
	for _, row := range LimitTable {
		limits := DefaultLimits()
		if *row.of(&limits) != row.Default {
			t.Errorf("%s: the default is not in force", row.Name)
		}
		if err := row.set(&limits, row.Max); err != nil || *row.of(&limits) != row.Max {
			t.Errorf("%s: %v", row.Name, err)
		}
		for _, value := range []int64{row.Min - 1, row.Max + 1} {
			if row.set(&limits, value) == nil {
				t.Errorf("%s: %d is accepted", row.Name, value)
			}
		}
	}
}

func TestFlagsGoBeforeTheEnvironmentAndThatBeforeTheFile(t *testing.T) {
	file := "workers = 1\ndrain_ms = 1\nlog = 'off'\n[limits]\nhunts_max = 1\nquests_max = 1\n"
	env := []string{"HUNT_WORKERS=2", "HUNT_DRAIN_MS=2", "HUNT_LIMITS_HUNTS_MAX=2", "HUNT_LOG="}
	loaded, fault := load(t, file, []string{"--workers=3", "--limit", "hunts_max=3"}, env...)
	if fault != "" {
		t.Fatal(fault)
	}
	if loaded.Workers != 3 || loaded.DrainMs != 2 || loaded.Log != "off" ||
		loaded.Limits.HuntsMax != 3 || loaded.Limits.QuestsMax != 1 {
		t.Errorf("in force: %+v", loaded.Config)
	}
}

func TestASwitchStandsAloneAndListsRepeat(t *testing.T) {
	loaded, fault := load(t, "", []string{"--demo", "--admin-on-public=false",
		"--allowed-origin", "http://a", "--allowed-origin=http://b"})
	if fault != "" {
		t.Fatal(fault)
	}
	if !loaded.Demo || loaded.AdminOnPublic || strings.Join(loaded.AllowedOrigins, " ") !=
		"http://a http://b" {
		t.Errorf("in force: %+v", loaded.Config)
	}
}

func TestEveryFaultIsToldWithItsPlaceAndRemedy(t *testing.T) {
	for _, c := range []struct {
		file, fault string
	}{
		{"demo = true\nlisen = 'x'", "hunt.toml:2: lisen: unknown key; the nearest is \"listen\""},
		{"\n[limits]\nhead_byte_max = 1",
			"hunt.toml:3: limits.head_byte_max: unknown key; the nearest is \"limits.head_bytes_max\""},
		{"[limit]", "hunt.toml:1: limit: unknown key; the nearest is \"limits\""},
		{"workers = 'two'", "hunt.toml:1: workers: a text was given; a whole number, 0 to 128"},
		{"workers = 2.5", "workers: a number with a fraction was given"},
		{"workers = 129", "workers: 129 is outside 0 to 128 threads"},
		{"workers = ", "hunt.toml:1: not well-formed TOML"},
		{"listen = 'here'", "listen: an IP address and port"},
		{"demo = 'yes'", "demo: a text was given; true or false"},
		{"allowed_origins = ['x']", "\"x\" is no origin"},
		{"allowed_origins = [1]", "a whole number was given; a list of texts"},
		{"limits = 3", "limits: a whole number was given; a table"},
		{"[limits]\nhunts_max = true", "hunt.toml:2: limits.hunts_max: true or false was given"},
		{"[limits]\nhunts_max = 0", "limits.hunts_max: 0 is outside 1 to 1000000 hunts"},
		{"keys = []", "keys: no key is given"},
		{"keys = [3]", "keys: [0]: a whole number was given"},
		{"keys = [{ id = 1, secrt = 'x' }]", "unknown key; the nearest is \"secret\""},
		{"log = 'loud'", "log: trace or debug or info or warn or error or off is asked for"},
		{"tuning = 'jsom'", "no tuning is called \"jsom\"; the nearest is \"json\""},
		{"listen = '127.0.0.1:1'\nadmin = '127.0.0.1:1'", "they need two ports"},
		{"[limits]\noutbound_bytes_max = 65536\noutbound_high_bytes = 70000",
			"limits.outbound_high_bytes (70000) is greater than limits.outbound_bytes_max (65536)"},
	} {
		if _, fault := load(t, c.file, nil); !strings.Contains(fault, c.fault) {
			t.Errorf("%q: %q", c.file, fault)
		}
	}
	_, fault := load(t, "", []string{"--limit", "hunt_max=1", "--workers", "x", "--drain-ms=-1"})
	for _, part := range []string{
		"flag --limit: hunt_max: no limit has this name; the nearest is \"hunts_max\"",
		"flag --workers: workers: \"x\" is not a whole number, 0 to 128 threads",
		"flag --drain-ms: drain_ms: -1 is outside",
	} {
		if !strings.Contains(fault, part) {
			t.Errorf("%q is not told: %q", part, fault)
		}
	}
}

func TestWhatMayBeMeantOtherwiseIsAWarning(t *testing.T) {
	loaded, fault := load(t, "runtime = 'tokio'\n[limits]\nping_ms = 5000\nidle_ms = 4000", nil,
		"HUNT_LISTN=x", "HUNT_PORT_OF_SOMETHING=1")
	if fault != "" {
		t.Fatal(fault)
	}
	all := strings.Join(loaded.Warnings, "\n")
	for _, part := range []string{
		"hunt.toml:1: runtime has no effect",
		"environment HUNT_LISTN has no effect; HUNT_LISTEN is meant?",
		"limits.ping_ms (5000) is greater than limits.idle_ms (4000)",
	} {
		if !strings.Contains(all, part) {
			t.Errorf("%q is not told: %q", part, all)
		}
	}
	if strings.Contains(all, "HUNT_PORT_OF_SOMETHING") {
		t.Errorf("a variable of somebody else is told: %q", all)
	}
}

func TestNoFaultShowsASecret(t *testing.T) {
	broken := strings.Repeat("ab", 31)
	for _, file := range []string{
		"keys = [{ id = 1, secret = '" + broken + "' }]",
		"keys = [{ id = '" + broken + "', secret = 1 }]",
		"keys = ['" + broken + "']",
		"keys = [{ id = 1, secret = '" + broken + " }]",
		"keys = '" + broken,
		"workers = '" + broken + "'",
		"listen = '" + broken + "'",
		"allowed_origins = ['" + broken + "']",
		"key_file = '" + broken + "'",
		"log = '" + broken + "'",
	} {
		if _, fault := load(t, file, nil); fault == "" || strings.Contains(fault, "abab") {
			t.Errorf("%q: %q", file, fault)
		}
	}
	_, fault := load(t, "", nil, "HUNT_KEYS=1:"+broken)
	if fault == "" || strings.Contains(fault, "abab") {
		t.Errorf("in the environment: %q", fault)
	}
}

func TestKeysComeFromTheLastSourceThatNamesThem(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	text := "# two\n7:" + secret + "\n8:" + secret + "\n"
	if err := os.WriteFile(keys, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, fault := load(t, "keys = [{ id = 1, secret = '"+secret+"' }]",
		[]string{"--key-file", keys})
	if fault != "" || len(loaded.Keys) != 2 || loaded.Keys[0].ID != 7 || len(loaded.Warnings) > 0 {
		t.Errorf("%q, %+v", fault, loaded)
	}
	loaded, fault = load(t, "key_file = '"+keys+"'", nil, "HUNT_KEYS=3:"+secret)
	if fault != "" || len(loaded.Keys) != 1 || loaded.Keys[0].ID != 3 {
		t.Errorf("%q, %+v", fault, loaded)
	}
	_, fault = load(t, "keys = [{ id = 1, secret = '"+secret+"' }]\nkey_file = 'x'", nil)
	if !strings.Contains(fault, "one is enough") {
		t.Errorf("both: %q", fault)
	}
	if err := os.Chmod(keys, 0o644); err != nil {
		t.Fatal(err)
	}
	if loaded, _ = load(t, "", []string{"--key-file", keys}); !strings.Contains(
		strings.Join(loaded.Warnings, ""), "chmod 600") {
		t.Errorf("a file that all can read: %q", loaded.Warnings)
	}
	if got := WriteKey(RandomKey(9)); len(got) != 2+64 || got[:2] != "9:" {
		t.Errorf("a key is written %q", got)
	}
}

func TestTuningsAreNamedOneByOne(t *testing.T) {
	for text, want := range map[string]Tuning{
		"default": Untuned, "tuned": Tuned, "gc": TuneGC, "json,pool": TuneJSON | TunePool,
	} {
		got, err := ParseTuning(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%q is read as %v: %v", text, got, err)
		}
	}
	if all := len(tuningNames); Tuned != 1<<all-1 {
		t.Errorf("tuned is not all %d tunings", all)
	}
}

func TestTheHelpNamesEveryFlagAndLimit(t *testing.T) {
	flags, limits := FlagHelp(), LimitHelp()
	for i := range settings {
		if s := &settings[i]; s.flag != "" &&
			(!strings.Contains(flags, "--"+s.flag) || !strings.Contains(flags, s.env())) {
			t.Errorf("%s is not in the help", s.flag)
		}
	}
	for _, row := range LimitTable {
		if !strings.Contains(limits, row.Name) {
			t.Errorf("%s is not in the help", row.Name)
		}
	}
	if near := NearestFlag("--lisen=x"); near != "--listen" {
		t.Errorf("the nearest to --lisen is %s", near)
	}
}
