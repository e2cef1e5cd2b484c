package server

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"treasurehunt/internal/config"
	"treasurehunt/internal/token"
)

// asked is what a command prints, and its error.
func asked(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(libraries[0], args, &out)
	return out.String(), err
}

func TestTheHelpHasExamplesAndEveryCommand(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"help"}, {"token", "-h"}} {
		text, err := asked(t, args...)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{
			"hunt-nethttp --demo", "token new-key", "--tuning", "net/http", "outbound_high_bytes",
			"HUNT_LISTEN", "version",
		} {
			if !strings.Contains(text, part) {
				t.Errorf("%v: %s is not in the help", args, part)
			}
		}
		if strings.Contains(text, "PROGRAM") || strings.Contains(text, "LIBRARY") {
			t.Errorf("%v: a place is not filled in", args)
		}
	}
}

func TestTheVersionNamesTheCompiler(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		text, err := asked(t, args...)
		if err != nil || !strings.HasPrefix(text, "hunt-nethttp "+Version+"\n") ||
			!strings.Contains(text, "compiler: go1.") {
			t.Errorf("%v: %q, %v", args, text, err)
		}
	}
}

func TestTokensAreMintedWithTheConfiguredKeys(t *testing.T) {
	made, err := asked(t, "token", "new-key", "--id", "5")
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte(made), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := config.Flags{Values: []config.Flag{{Name: "key-file", Value: keys}}}
	loaded, err := config.Load(flags, nil)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := token.NewRing(loaded.Keys)
	if err != nil {
		t.Fatal(err)
	}
	minted, err := asked(t, "token", "admin", "--key-file", keys, "--ttl=90s")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	text := []byte(strings.TrimSpace(minted))
	if err := ring.Admin(now.UnixMilli(), text); err != nil {
		t.Errorf("it is refused: %v", err)
	}
	later := now.Add(2 * time.Minute).UnixMilli()
	if err := ring.Admin(later, text); !errors.Is(err, token.ErrExpired) {
		t.Errorf("after its time: %v", err)
	}
	minted, err = asked(t, "token", "player", "--hunt", "h", "--player", "3", "--started-ms", "9",
		"--key-file="+keys)
	if err != nil {
		t.Fatal(err)
	}
	session, err := ring.Session(now.UnixMilli(), []byte(strings.TrimSpace(minted)))
	if err != nil || session.Hunt.String() != "h" || session.Player.Player != 3 ||
		session.Player.StartedMs != 9 {
		t.Errorf("%+v, %v", session, err)
	}
}

func TestMisuseIsToldWithItsRemedy(t *testing.T) {
	for args, part := range map[string]string{
		"serv":                        `no command is called "serv"`,
		"--lisen x":                   `the nearest is "--listen"`,
		"--listen":                    "--listen needs a value",
		"serve":                       "make one with `hunt-nethttp token new-key`",
		"token":                       "token takes admin, player or new-key",
		"token new-key --id 256":      "--id is a number from 0 to 255",
		"token admin --ttl":           "--ttl needs a value",
		"token admin --demo":          "no signing keys are configured",
		"token admin --hours 3":       `"--hours" is no flag`,
		"serve --config /nowhere/x":   "the configuration file cannot be read",
		"serve --demo --tuning fast":  "no tuning is called",
		"serve --demo --limit x=1":    "no limit has this name",
		"serve --demo --listen here":  "an IP address and port",
		"serve --demo --workers=many": "a whole number, 0 to 128 threads",
	} {
		_, err := asked(t, strings.Fields(args)...)
		var faults config.Faults
		var misused misuse
		if err == nil || !strings.Contains(err.Error(), part) ||
			!errors.As(err, &faults) && !errors.As(err, &misused) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestAnAddressInUseIsToldWithItsRemedy(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = asked(t, "--demo", "--listen", "127.0.0.1:0", "--admin", taken.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "choose another with --admin") {
		t.Errorf("it ends with %v", err)
	}
}

func TestTheMemoryOfACgroupIsRead(t *testing.T) {
	folder := t.TempDir()
	for text, want := range map[string]int64{"1073741824\n": 1 << 30, "max\n": 0} {
		file := filepath.Join(folder, "memory.max")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := memoryOfCgroup(folder); got != want {
			t.Errorf("%q is read as %d", text, got)
		}
	}
	if memoryOfCgroup(folder+"/nowhere") != 0 || memory() <= 0 {
		t.Error("the memory of the machine is not read")
	}
}
