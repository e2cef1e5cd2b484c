package server

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"treasurehunt/internal/config"
	"treasurehunt/internal/token"
	"treasurehunt/internal/vocab"
)

// Codes that the program ends with.
const (
	exitDone   = 0
	exitFailed = 1
	exitMisuse = 2
)

// misuse is an error of whoever called the program.
type misuse string

func (m misuse) Error() string { return string(m) }

// Main does what the command line asks, and returns the code to end with.
func Main(library *Library, args []string) int {
	err := run(library, args, os.Stdout)
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", library.Program, err)
	var faults config.Faults
	var misused misuse
	if errors.As(err, &faults) || errors.As(err, &misused) {
		return exitMisuse
	}
	return exitFailed
}

func run(library *Library, args []string, out io.Writer) error {
	command := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	if has(args, "--help") || has(args, "-h") || command == "help" {
		_, err := io.WriteString(out, help(library))
		return err
	}
	switch command {
	case "serve":
		if has(args, "--version") {
			return version(library, out)
		}
		loaded, err := load(library, args)
		if err != nil {
			return err
		}
		return serve(library, loaded, catchSignals(), out)
	case "version":
		return version(library, out)
	case "token":
		return tokenCommand(library, args, out)
	}
	return misuse(fmt.Sprintf(
		"no command is called %q; there are serve, token, version, help", command))
}

func has(args []string, flag string) bool {
	for _, arg := range args {
		if arg == flag {
			return true
		}
	}
	return false
}

func load(library *Library, args []string) (*config.Loaded, error) {
	flags, rest, err := config.ParseFlags(args)
	if err != nil {
		return nil, misuse(err.Error())
	}
	if len(rest) > 0 {
		return nil, misuse(fmt.Sprintf("%q is no flag; the nearest is %q; see `%s --help`",
			rest[0], config.NearestFlag(rest[0]), library.Program))
	}
	return config.Load(flags, os.Environ())
}

// catchSignals returns the first SIGTERM or SIGINT. The second one ends the process at once.
func catchSignals() <-chan os.Signal {
	coming := make(chan os.Signal, 2)
	signal.Notify(coming, syscall.SIGTERM, syscall.SIGINT)
	first := make(chan os.Signal, 1)
	go func() {
		first <- <-coming
		second := <-coming
		// As a shell tells the end by a signal.
		code := 128 + int(syscall.SIGTERM)
		if second == os.Interrupt {
			code = 128 + int(syscall.SIGINT)
		}
		os.Exit(code)
	}()
	return first
}

func version(library *Library, out io.Writer) error {
	_, err := fmt.Fprintf(out, "%s %s\nlibrary: %s\n", library.Program, Version, library.Name)
	return errors.Join(err, writeBuild(out))
}

func ringOf(program string, keys []token.Key) (*token.Ring, error) {
	if len(keys) == 0 {
		return nil, misuse(fmt.Sprintf("no signing keys are configured; make one with `%s token "+
			"new-key` and name its file with --key-file, HUNT_KEY_FILE or key_file in the "+
			"configuration file", program))
	}
	return token.NewRing(keys)
}

// tokenFlags are those of the token commands.
type tokenFlags struct {
	hunt, player, startedMs, ttl, id string
	rest                             []string
}

func parseTokenFlags(args []string) (tokenFlags, error) {
	var f tokenFlags
	places := map[string]*string{
		"--hunt": &f.hunt, "--player": &f.player, "--started-ms": &f.startedMs, "--ttl": &f.ttl,
		"--id": &f.id,
	}
	for len(args) > 0 {
		name, value, given := strings.Cut(args[0], "=")
		place, ok := places[name]
		switch {
		case !ok:
			f.rest = append(f.rest, args[0])
			args = args[1:]
		case given:
			*place, args = value, args[1:]
		case len(args) == 1:
			return f, misuse(name + " needs a value")
		default:
			*place, args = args[1], args[2:]
		}
	}
	return f, nil
}

// tokenCommand mints with the configured keys, and makes new ones.
func tokenCommand(library *Library, args []string, out io.Writer) error {
	kind := ""
	if len(args) > 0 {
		kind, args = args[0], args[1:]
	}
	flags, err := parseTokenFlags(args)
	if err != nil {
		return err
	}
	if kind == "new-key" {
		id, err := strconv.ParseUint(orElse(flags.id, "1"), 10, 8)
		if err != nil {
			return misuse("--id is a number from 0 to 255")
		}
		_, err = fmt.Fprintln(out, config.WriteKey(config.RandomKey(byte(id))))
		return err
	}
	if kind != "admin" && kind != "player" {
		return misuse("token takes admin, player or new-key")
	}
	loaded, err := load(library, flags.rest)
	if err != nil {
		return err
	}
	ring, err := ringOf(library.Program, loaded.Keys)
	if err != nil {
		return err
	}
	minted, err := mint(ring, kind, &flags, loaded.Limits.SessionTTLMs)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", minted)
	return err
}

func mint(ring *token.Ring, kind string, flags *tokenFlags, sessionTTLMs int64) ([]byte, error) {
	ttlMs := sessionTTLMs
	if kind == "admin" || flags.ttl != "" {
		var err error
		if ttlMs, err = parseDurationMs(orElse(flags.ttl, "1h")); err != nil {
			return nil, err
		}
	}
	expires := time.Now().UnixMilli() + ttlMs
	if kind == "admin" {
		return ring.AppendAdmin(nil, expires), nil
	}
	hunt, ok := vocab.ParseID(flags.hunt)
	if !ok {
		return nil, misuse(
			"--hunt is 1 to 32 of A-Z a-z 0-9 . _ -, the first a letter or digit")
	}
	player, err := strconv.ParseUint(flags.player, 10, 32)
	if err != nil {
		return nil, misuse("--player is a number, from 0 in the order of joining")
	}
	started, err := strconv.ParseInt(flags.startedMs, 10, 64)
	if err != nil {
		return nil, misuse("--started-ms is when the round started, ms since the Unix epoch")
	}
	ref := vocab.PlayerRef{Player: uint32(player), StartedMs: started}
	return ring.AppendSession(nil, &token.Session{Hunt: hunt, Player: ref}, expires), nil
}

// parseDurationMs reads `500ms`, `90s`, `30m`, `24h` or `7d`.
func parseDurationMs(text string) (int64, error) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	units := map[string]int64{"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
	unit := units[text[len(digits):]]
	number, err := strconv.ParseInt(digits, 10, 40)
	if err != nil || number <= 0 || unit == 0 {
		return 0, misuse("a time is a whole number and a unit, as 500ms, 90s, 30m, 24h or 7d")
	}
	return number * unit, nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
