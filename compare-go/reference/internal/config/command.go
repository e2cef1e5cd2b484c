package config

import (
	"fmt"
	"strings"
)

// ParseFlags reads the flags of settings from args: `--name VALUE` and `--name=VALUE`; a switch may
// stand alone. The rest is what it did not know, from the first on.
func ParseFlags(args []string) (flags Flags, rest []string, err error) {
	for len(args) > 0 {
		name, value, given := strings.Cut(args[0], "=")
		if !strings.HasPrefix(name, "--") {
			return flags, args, nil
		}
		name = name[2:]
		s := settingOfFlag(name)
		if s == nil && name != "config" && name != "limit" {
			return flags, args, nil
		}
		args = args[1:]
		switch {
		case given:
		case s != nil && s.kind == switchKind:
			value = "true"
		case len(args) == 0:
			return flags, nil, fmt.Errorf("--%s needs a value", name)
		default:
			value, args = args[0], args[1:]
		}
		switch name {
		case "config":
			flags.File = value
		case "limit":
			flags.Limits = append(flags.Limits, value)
		default:
			flags.Values = append(flags.Values, Flag{name, value})
		}
	}
	return flags, nil, nil
}

// NearestFlag is the flag whose name is nearest to what was given, with its dashes.
func NearestFlag(given string) string {
	names := []string{"--config", "--limit", "--help"}
	for i := range settings {
		if settings[i].flag != "" {
			names = append(names, "--"+settings[i].flag)
		}
	}
	name, _, _ := strings.Cut(given, "=")
	return nearest(name, names)
}

// FlagHelp is a paragraph for each flag, with its default and its variable.
func FlagHelp() string {
	var text strings.Builder
	line := func(flag, arg, what string) {
		fmt.Fprintf(&text, "  %-26s %s\n", strings.TrimSpace("--"+flag+" "+arg), what)
	}
	line("config", "FILE", "the configuration file, TOML [env: "+fileEnv+"]")
	config := Default()
	for i := range settings {
		s := &settings[i]
		if s.flag == "" {
			continue
		}
		what := s.what
		if shown := s.show(&config); shown != "" && s.kind != switchKind {
			what += " [default: " + shown + "]"
		}
		line(s.flag, s.arg, what+" [env: "+s.env()+"]")
	}
	line("limit", "NAME=VALUE", "sets one of [limits]; repeatable [env: HUNT_LIMITS_NAME]")
	return text.String()
}

// LimitHelp is a line for each limit.
func LimitHelp() string {
	var text strings.Builder
	for _, row := range LimitTable {
		fmt.Fprintf(&text, "  %-20s %-12d %s; crossed: %s\n",
			row.Name, row.Default, row.What, row.Crossed)
	}
	return text.String()
}

func settingOfFlag(flag string) *setting {
	for i := range settings {
		if settings[i].flag == flag && flag != "" {
			return &settings[i]
		}
	}
	return nil
}
