package document

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Exchanges of the golden transcripts, as far as a test of documents needs them: what is sent with
// `>>`, and the problem document or answer that comes back with `<<`.

type exchange struct {
	line   int
	path   string
	body   []byte
	answer struct {
		Detail       string
		Path         *string
		Line, Column uint32
	}
}

func exchanges(t *testing.T, file string) []exchange {
	t.Helper()
	text, err := os.ReadFile("../../../../golden/transcripts/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all []exchange
	var now exchange
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "> PUT "):
			now = exchange{line: number, path: strings.Fields(line)[2]}
		case line == ">>":
			now.body = []byte{}
		case strings.HasPrefix(line, ">> "):
			now.body = append(now.body, unquote(t, line[3:])...)
		case strings.HasPrefix(line, "<< ") && now.body != nil:
			if err := json.Unmarshal(unquote(t, line[3:]), &now.answer); err != nil {
				t.Fatalf("line %d: %v", number, err)
			}
			all = append(all, now)
			now = exchange{}
		}
	}
	return all
}

var (
	repeats = regexp.MustCompile(`\$\{(\S+?)\*(\d+)\}`)
	escapes = regexp.MustCompile(`\\(x..|.)`)
)

// unquote turns the escapes of a transcript into bytes.
func unquote(t *testing.T, text string) []byte {
	text = repeats.ReplaceAllStringFunc(text, func(hole string) string {
		parts := repeats.FindStringSubmatch(hole)
		count, err := strconv.Atoi(parts[2])
		if err != nil {
			t.Fatal(err)
		}
		return strings.Repeat(parts[1], count)
	})
	return []byte(escapes.ReplaceAllStringFunc(text, func(escape string) string {
		switch escape[1] {
		case 'n':
			return "\n"
		case 'r':
			return "\r"
		case 't':
			return "\t"
		case '0':
			return "\x00"
		case 'x':
			value, err := strconv.ParseUint(escape[2:], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			return string([]byte{byte(value)})
		}
		return escape[1:]
	}))
}

func TestTheFirstFaultIsThatOfTheTranscripts(t *testing.T) {
	count := 0
	for _, e := range exchanges(t, "game/quest_faults.txt") {
		if e.answer.Path == nil {
			continue
		}
		count++
		_, fault := ReadQuest(e.body)
		if fault == nil {
			t.Errorf("line %d: no fault, not %q", e.line, e.answer.Detail)
			continue
		}
		want := Fault{fault.Code, *e.answer.Path, e.answer.Line, e.answer.Column}
		if *fault != want || fault.Code.Detail() != e.answer.Detail {
			t.Errorf("line %d: %q at %+v, not %q at %+v", e.line, fault.Code.Detail(), *fault,
				e.answer.Detail, want)
		}
	}
	if count < 90 {
		t.Errorf("only %d faults", count)
	}
}

func TestTheQuestsOfTheTranscriptsAreRead(t *testing.T) {
	count := 0
	for _, e := range exchanges(t, "game/quests.txt") {
		if !strings.HasPrefix(e.path, "/v1/quests/") || e.answer.Path != nil {
			continue
		}
		count++
		if _, fault := ReadQuest(e.body); fault != nil {
			t.Errorf("line %d: %+v", e.line, *fault)
		}
	}
	if count < 5 {
		t.Errorf("only %d quests", count)
	}
}
