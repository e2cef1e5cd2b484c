package config

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// fileEnv is the variable that names the configuration file.
const fileEnv = "HUNT_CONFIG"

// Flag is a flag of the command line, by its name without dashes.
type Flag struct{ Name, Value string }

// Flags are what the command line says, in its order.
type Flags struct {
	// File is `--config`; empty where it is not given.
	File string
	// Values are the flags of settings, in the order given.
	Values []Flag
	// Limits are `--limit NAME=VALUE`, in the order given.
	Limits []string
}

// Loaded is a configuration that keeps every rule.
type Loaded struct {
	Config
	// Warnings are what works and may not be meant.
	Warnings []string
	// File is the file that was read, or empty.
	File string
}

// Load reads all sources. environ is the environment; variables that are not ours are passed over.
// The error is [Faults].
func Load(flags Flags, environ []string) (*Loaded, error) {
	l := layers{config: Default()}
	env := ours(environ)
	path := flags.File
	if path == "" {
		path = env[fileEnv]
	}
	if path != "" {
		l.file(path)
	}
	l.next()
	l.environment(env)
	l.next()
	l.flags(flags)
	l.next()
	l.readKeyFile()
	for _, what := range l.config.contradictions() {
		l.fault("", "", what)
	}
	if len(l.faults) > 0 {
		return nil, l.faults
	}
	warnings := append(l.warnings, l.config.doubts()...)
	return &Loaded{Config: l.config, Warnings: warnings, File: path}, nil
}

// layers lays the sources over each other.
type layers struct {
	config   Config
	faults   Faults
	warnings []string
	// Whether the source that is being read named the keys, and where it named a file of them.
	hasKeys       bool
	keyFileOrigin string
	// Where the file of keys in force was named.
	keyFile string
}

func (l *layers) fault(origin, key, what string) {
	l.faults = append(l.faults, Fault{Origin: origin, Key: key, What: what})
}

func (l *layers) put(s *setting, value any, origin string) {
	switch s.name {
	case "keys":
		l.hasKeys = true
	case "key_file":
		l.keyFileOrigin = origin
	}
	if err := s.put(&l.config, value); err != nil {
		l.fault(origin, s.name, err.Error())
	}
}

// next ends a source: its keys, in either form, take the place of those of earlier sources.
func (l *layers) next() {
	switch {
	case l.hasKeys && l.keyFileOrigin != "":
		l.fault(l.keyFileOrigin, "keys", "keys and key_file are both given; one is enough")
	case l.hasKeys:
		l.config.KeyFile = ""
	case l.keyFileOrigin != "":
		l.config.Keys, l.keyFile = nil, l.keyFileOrigin
	}
	l.hasKeys, l.keyFileOrigin = false, ""
}

func (l *layers) environment(env map[string]string) {
	known := []string{fileEnv}
	for i := range settings {
		s := &settings[i]
		known = append(known, s.env())
		if text, ok := env[s.env()]; ok {
			l.putText(s, text, "environment "+s.env())
		}
	}
	for _, row := range LimitTable {
		name := envName("limits." + row.Name)
		known = append(known, name)
		if text, ok := env[name]; ok {
			l.putLimit(row, text, "environment "+name)
		}
	}
	// Refusing would be wrong: orchestrators add variables of their own, as HUNT_PORT.
	for name := range env {
		near := nearest(name, known)
		if edits := distance(name, near); edits > 0 && edits <= 2 {
			l.warnings = append(l.warnings,
				fmt.Sprintf("environment %s has no effect; %s is meant?", name, near))
		}
	}
	slices.Sort(l.warnings)
}

func (l *layers) flags(flags Flags) {
	// A flag that is repeated adds to a list, and otherwise the last one counts.
	var origins []string
	for _, flag := range flags.Values {
		for i := range settings {
			s := &settings[i]
			switch {
			case s.flag != flag.Name:
			case s.kind == textsKind:
				origins = append(origins, flag.Value)
				l.putText(s, strings.Join(origins, ","), "flag --"+flag.Name)
			default:
				l.putText(s, flag.Value, "flag --"+flag.Name)
			}
		}
	}
	for _, text := range flags.Limits {
		name, value, _ := strings.Cut(text, "=")
		row, ok := limitNamed(name)
		if !ok {
			names := make([]string, len(LimitTable))
			for i, row := range LimitTable {
				names[i] = row.Name
			}
			l.fault("flag --limit", name, fmt.Sprintf(
				"no limit has this name; the nearest is %q", nearest(name, names)))
			continue
		}
		l.putLimit(row, value, "flag --limit")
	}
}

func (l *layers) putText(s *setting, text, origin string) {
	value, err := s.textValue(text)
	if err != nil {
		l.fault(origin, s.name, err.Error())
		return
	}
	l.put(s, value, origin)
}

func (l *layers) putLimit(row Limit, text, origin string) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		err = fmt.Errorf("%q is not a whole number, %d to %d %s", text, row.Min, row.Max, row.Unit)
	} else {
		err = row.set(&l.config.Limits, value)
	}
	if err != nil {
		l.fault(origin, "limits."+row.Name, err.Error())
	}
}

func (l *layers) readKeyFile() {
	path := l.config.KeyFile
	if path == "" {
		return
	}
	// Whoever puts the key itself where its file belongs must not find it in a log.
	shown := path
	if mayHoldSecret(path) {
		shown = "(a path that looks like a secret)"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		l.fault(l.keyFile, "key_file", shown+" cannot be read")
		return
	}
	if l.config.Keys, err = parseKeys(string(text)); err != nil {
		l.fault(l.keyFile, "key_file", fmt.Sprintf("%s: %v", shown, err))
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o004 != 0 {
		l.warnings = append(l.warnings,
			fmt.Sprintf("key_file %s can be read by every user; chmod 600 it", shown))
	}
}

// ours are the variables of this server. An empty one is how compose files say that it is not set.
func ours(environ []string) map[string]string {
	env := make(map[string]string)
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "HUNT_") && value != "" {
			env[name] = value
		}
	}
	return env
}
