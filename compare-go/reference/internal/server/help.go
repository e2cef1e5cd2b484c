package server

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"treasurehunt/internal/config"
)

func help(library *Library) string {
	text := strings.ReplaceAll(helpText, "PROGRAM", library.Program)
	text = strings.ReplaceAll(text, "LIBRARY", library.Name)
	text = strings.ReplaceAll(text, "FLAGS\n", config.FlagHelp())
	return strings.ReplaceAll(text, "LIMITS\n", config.LimitHelp())
}

const helpText = `The treasure-hunt server in Go, on LIBRARY

Usage:
  PROGRAM [serve] [FLAGS...]   serves until SIGTERM or SIGINT (the default command)
  PROGRAM token admin [--ttl TIME]
  PROGRAM token player --hunt ID --player N --started-ms MS [--ttl TIME]
  PROGRAM token new-key [--id N]
  PROGRAM version

Flags of serve; token takes --config, --key-file and the like too:
FLAGS

Limits, with their defaults:
LIMITS

Examples:
  PROGRAM --demo                                  play at once, with random keys
  PROGRAM token new-key > keys && chmod 600 keys  make the keys of a real server
  PROGRAM serve --key-file keys --listen 0.0.0.0:8080
  PROGRAM serve --demo --tuning default           as a team would run it that did not measure
  PROGRAM serve --demo --tuning gc,json           with two tunings, to see what they gain
  PROGRAM serve --demo --limit hunts_max=100
  PROGRAM token admin --key-file keys --ttl 8h    a token for the admin API

A flag goes before its environment variable, the variable before the file, the file before the
default. Signing keys come from --key-file, or from HUNT_KEYS as ID:SECRET,ID:SECRET; there is no
flag for the keys themselves, since other users can read flags.

The first SIGTERM or SIGINT ends gracefully, the second at once.
`

// writeBuild writes what this build is.
func writeBuild(out io.Writer) error {
	_, err := fmt.Fprintf(out, "compiler: %s\ntarget: %s/%s\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, fact := range [][2]string{{"commit", commit()}, {"pgo", profile()}} {
		if err == nil && fact[1] != "" {
			_, err = fmt.Fprintf(out, "%s: %s\n", fact[0], fact[1])
		}
	}
	return err
}
