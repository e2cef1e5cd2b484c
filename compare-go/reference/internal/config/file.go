package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"treasurehunt/internal/token"
)

// file reads a configuration file into the layers.
func (l *layers) file(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		l.fault(path, "", fmt.Sprintf("the configuration file cannot be read: %v", err))
		return
	}
	var table map[string]any
	if err := toml.Unmarshal(text, &table); err != nil {
		origin := path
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, _ := at.Position()
			origin = fmt.Sprintf("%s:%d", path, row)
		}
		// The error's text may quote a line, and with it a secret.
		l.fault(origin, "", "not well-formed TOML")
		return
	}
	reader := fileReader{layers: l, path: path, lines: strings.Split(string(text), "\n")}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		reader.top(name, table[name])
	}
}

type fileReader struct {
	*layers
	path  string
	lines []string
}

func (f *fileReader) top(name string, value any) {
	origin := f.origin("", name)
	if name == "limits" {
		table, ok := value.(map[string]any)
		if !ok {
			f.fault(origin, name, mismatch(value, "a table"))
			return
		}
		for _, limit := range slices.Sorted(maps.Keys(table)) {
			f.limit(limit, table[limit])
		}
		return
	}
	if slices.Contains(elsewhere, name) {
		f.warnings = append(f.warnings,
			fmt.Sprintf("%s: %s has no effect on this server", origin, name))
		return
	}
	s := settingNamed(name)
	if s == nil {
		f.fault(origin, name, unknown(name))
		return
	}
	typed, err := s.fileValue(value)
	if err != nil {
		f.fault(origin, name, err.Error())
		return
	}
	f.put(s, typed, origin)
}

func (f *fileReader) limit(name string, value any) {
	origin, path := f.origin("limits", name), "limits."+name
	row, ok := limitNamed(name)
	if !ok {
		f.fault(origin, path, unknown(path))
		return
	}
	n, ok := value.(int64)
	if !ok {
		f.fault(origin, path, mismatch(value,
			fmt.Sprintf("a whole number, %d to %d %s", row.Min, row.Max, row.Unit)))
		return
	}
	if err := row.set(&f.config.Limits, n); err != nil {
		f.fault(origin, path, err.Error())
	}
}

// origin is the file and the line of a key, where the key stands at the start of one.
func (f *fileReader) origin(section, name string) string {
	in := ""
	header := regexp.MustCompile(`^\s*\[+\s*([^\]]*?)\s*\]+`)
	key := regexp.MustCompile(`^\s*["']?` + regexp.QuoteMeta(name) + `["']?\s*[=.]`)
	for i, line := range f.lines {
		if found := header.FindStringSubmatch(line); found != nil {
			in = found[1]
			if section == "" && in == name {
				return fmt.Sprintf("%s:%d", f.path, i+1)
			}
		} else if in == section && key.MatchString(line) {
			return fmt.Sprintf("%s:%d", f.path, i+1)
		}
	}
	return f.path
}

// fileValue is a value of the file as the setting takes it.
func (s *setting) fileValue(value any) (any, error) {
	switch v := value.(type) {
	case bool:
		if s.kind == switchKind {
			return v, nil
		}
	case int64:
		if s.kind == integerKind {
			return v, nil
		}
	case string:
		if s.kind == textKind {
			return v, nil
		}
	case []any:
		switch s.kind {
		case textsKind:
			return fileTexts(v)
		case keysKind:
			return fileKeys(v)
		}
	}
	return nil, errors.New(mismatch(value, s.takes))
}

func fileTexts(values []any) (any, error) {
	texts := make([]string, len(values))
	for i, value := range values {
		text, ok := value.(string)
		if !ok {
			return nil, errors.New(mismatch(value, "a list of texts"))
		}
		texts[i] = text
	}
	return texts, nil
}

func fileKeys(values []any) (any, error) {
	keys := make([]token.Key, 0, len(values))
	for i, value := range values {
		table, ok := value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("[%d]: %s", i, mismatch(value, "{ id, secret }"))
		}
		key, err := fileKey(table)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		keys = append(keys, key)
	}
	return keys, checkKeys(keys)
}

func fileKey(table map[string]any) (token.Key, error) {
	for name := range table {
		if name != "id" && name != "secret" {
			return token.Key{}, fmt.Errorf("unknown key; the nearest is %q",
				nearest(name, []string{"id", "secret"}))
		}
	}
	id, ok := table["id"].(int64)
	if !ok || id < 0 || id > 255 {
		return token.Key{}, errors.New("id is asked for, a whole number, 0 to 255")
	}
	digits, ok := table["secret"].(string)
	if !ok {
		return token.Key{}, errors.New("secret is asked for, a text of hexadecimal digits")
	}
	secret, err := parseSecret(digits)
	return token.Key{ID: byte(id), Secret: secret}, err
}

func unknown(path string) string {
	names := make([]string, 0, len(settings)+len(LimitTable)+1)
	for i := range settings {
		names = append(names, settings[i].name)
	}
	names = append(names, "limits")
	for _, row := range LimitTable {
		names = append(names, "limits."+row.Name)
	}
	return fmt.Sprintf("unknown key; the nearest is %q", nearest(path, names))
}

func mismatch(given any, takes string) string {
	what := "something else"
	switch given.(type) {
	case string:
		what = "a text"
	case int64:
		what = "a whole number"
	case float64:
		what = "a number with a fraction"
	case bool:
		what = "true or false"
	case []any:
		what = "a list"
	case map[string]any:
		what = "a table"
	}
	return fmt.Sprintf("%s was given; %s is asked for", what, takes)
}
