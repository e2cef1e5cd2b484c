package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"treasurehunt/internal/token"
)

// kind is what a setting takes.
type kind uint8

const (
	switchKind kind = iota
	integerKind
	textKind
	textsKind
	keysKind
)

// setting is a key of the configuration outside `[limits]`.
type setting struct {
	// name is the key in the file; the environment variable is HUNT_ and this in capitals.
	name string
	// flag is without the dashes; empty for secrets, which other users could read there.
	flag string
	kind kind
	// arg stands for the value in the help.
	arg string
	// what it is, and what it takes.
	what, takes string
	// put sets it: a bool, int64, string, []string or []token.Key, by its kind.
	put func(c *Config, value any) error
	// show is the value in force, as a flag takes it.
	show func(c *Config) string
}

func (s *setting) env() string { return envName(s.name) }

func envName(path string) string {
	return "HUNT_" + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

const addressTakes = "an IP address and port, as 127.0.0.1:8080 or [::1]:8080"

// settings is the table, in the order of the help.
var settings = []setting{
	{
		name: "listen", flag: "listen", kind: textKind, arg: "IP:PORT",
		what: "where players connect; port 0 takes a free one", takes: addressTakes,
		put:  func(c *Config, v any) error { return putAddress(&c.Listen, v) },
		show: func(c *Config) string { return c.Listen.String() },
	}, {
		name: "admin", flag: "admin", kind: textKind, arg: "IP:PORT",
		what:  "where operators connect: health, metrics, profiles and the admin API",
		takes: addressTakes,
		put:   func(c *Config, v any) error { return putAddress(&c.Admin, v) },
		show:  func(c *Config) string { return c.Admin.String() },
	}, {
		name: "admin_on_public", flag: "admin-on-public", kind: switchKind,
		what: "answer admin requests on the public listener too", takes: "true or false",
		put:  func(c *Config, v any) error { c.AdminOnPublic = v.(bool); return nil },
		show: func(c *Config) string { return strconv.FormatBool(c.AdminOnPublic) },
	}, {
		name: "allowed_origins", flag: "allowed-origin", kind: textsKind, arg: "ORIGIN",
		what:  "origins whose pages may open a WebSocket; repeatable; none: every origin",
		takes: "a list of texts",
		put:   putOrigins,
		show:  func(c *Config) string { return strings.Join(c.AllowedOrigins, ",") },
	}, {
		name: "workers", flag: "workers", kind: integerKind, arg: "N",
		what:  "GOMAXPROCS; 0: as many as there are cores, or as the cgroup allows",
		takes: "a whole number, 0 to 128 threads",
		put:   func(c *Config, v any) error { return putInteger(&c.Workers, v, 128, "threads") },
		show:  func(c *Config) string { return strconv.Itoa(c.Workers) },
	}, {
		name: "drain_ms", flag: "drain-ms", kind: integerKind, arg: "MS",
		what:  "how long a graceful end may take",
		takes: "a whole number, 0 to 3600000 milliseconds",
		put: func(c *Config, v any) error {
			return putInteger(&c.DrainMs, v, hourMs, "milliseconds")
		},
		show: func(c *Config) string { return strconv.FormatInt(c.DrainMs, 10) },
	}, {
		name: "demo", flag: "demo", kind: switchKind,
		what:  "start a sample quest and three hunts, and print requests to try",
		takes: "true or false",
		put:   func(c *Config, v any) error { c.Demo = v.(bool); return nil },
		show:  func(c *Config) string { return strconv.FormatBool(c.Demo) },
	}, {
		name: "log", flag: "log", kind: textKind, arg: "LEVEL",
		what: "the least level that is logged, to standard error", takes: oneOf(logLevels),
		put:  func(c *Config, v any) error { return putWord(&c.Log, v, logLevels) },
		show: func(c *Config) string { return c.Log },
	}, {
		name: "log_format", flag: "log-format", kind: textKind, arg: "NAME",
		what: "how logs are written", takes: oneOf(logFormats),
		put:  func(c *Config, v any) error { return putWord(&c.LogFormat, v, logFormats) },
		show: func(c *Config) string { return c.LogFormat },
	}, {
		name: "key_file", flag: "key-file", kind: textKind, arg: "FILE",
		what: "a file of signing keys, one ID:SECRET a line; the first signs", takes: "a path",
		put: func(c *Config, v any) error {
			c.KeyFile = v.(string)
			return nil
		},
		show: func(c *Config) string { return c.KeyFile },
	}, {
		name: "keys", kind: keysKind, what: "the signing keys themselves, in place of key_file",
		takes: `a list of { id = 1, secret = "hexadecimal digits" }`,
		put:   func(c *Config, v any) error { c.Keys = v.([]token.Key); return nil },
		show:  func(*Config) string { return "" },
	}, {
		name: "tuning", flag: "tuning", kind: textKind, arg: "NAMES",
		what: "which tunings are on: default (none), tuned (all), or some of " +
			strings.Join(tuningNames, ","),
		takes: "default, tuned, or names of tunings parted by commas",
		put: func(c *Config, v any) (err error) {
			c.Tuning, err = ParseTuning(v.(string))
			return err
		},
		show: func(c *Config) string { return c.Tuning.String() },
	},
}

// elsewhere are keys that only the Rust server has: accepted, and without effect.
var elsewhere = []string{
	"runtime", "arena", "store", "pin", "private_descriptors", "log_events_per_s",
}

var (
	logLevels  = []string{"trace", "debug", "info", "warn", "error", "off"}
	logFormats = []string{"text", "json"}
)

func settingNamed(name string) *setting {
	for i := range settings {
		if settings[i].name == name {
			return &settings[i]
		}
	}
	return nil
}

func oneOf(words []string) string { return strings.Join(words, " or ") }

func putAddress(place *netip.AddrPort, value any) (err error) {
	if *place, err = netip.ParseAddrPort(value.(string)); err != nil {
		return fmt.Errorf("%s is asked for", addressTakes)
	}
	return nil
}

func putInteger[T int | int64](place *T, value any, most int64, unit string) error {
	n := value.(int64)
	if n < 0 || n > most {
		return fmt.Errorf("%d is outside 0 to %d %s", n, most, unit)
	}
	*place = T(n)
	return nil
}

func putWord(place *string, value any, words []string) error {
	word := value.(string)
	if !slices.Contains(words, word) {
		return fmt.Errorf("%s is asked for", oneOf(words))
	}
	*place = word
	return nil
}

func putOrigins(c *Config, value any) error {
	origins := value.([]string)
	for _, origin := range origins {
		if mayHoldSecret(origin) {
			return errors.New("this looks like a secret; an origin is asked for")
		}
		if !isOrigin(origin) {
			return fmt.Errorf(
				"%q is no origin, as https://play.example.org: a scheme, a host, no path", origin)
		}
	}
	c.AllowedOrigins = origins
	return nil
}

// isOrigin says whether text is an origin as browsers write it (RFC 6454 section 6.2).
func isOrigin(text string) bool {
	scheme, host, ok := strings.Cut(text, "://")
	if !ok || scheme == "" || host == "" || strings.ToLower(text) != text {
		return false
	}
	for _, b := range []byte(scheme) {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			return false
		}
	}
	for _, b := range []byte(host) {
		if b <= ' ' || b > '~' || strings.IndexByte(`/?#@"\`, b) >= 0 {
			return false
		}
	}
	return true
}

// textValue reads a flag or a variable as a value for a setting.
func (s *setting) textValue(text string) (any, error) {
	text = strings.TrimSpace(text)
	switch s.kind {
	case switchKind:
		switch text {
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
	case integerKind:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, nil
		}
	case textKind:
		if text != "" {
			return text, nil
		}
	case textsKind:
		var texts []string
		for one := range strings.SplitSeq(text, ",") {
			if one = strings.TrimSpace(one); one != "" {
				texts = append(texts, one)
			}
		}
		return texts, nil
	case keysKind:
		return parseKeys(text)
	}
	if mayHoldSecret(text) {
		return nil, fmt.Errorf("this looks like a secret; %s is asked for", s.takes)
	}
	return nil, fmt.Errorf("%q is not %s", text, s.takes)
}
