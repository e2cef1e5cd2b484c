package problem

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"

	"treasurehunt/internal/document"
)

func read(t *testing.T, path, rows string) []string {
	t.Helper()
	text, err := os.ReadFile("../../../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, row := range regexp.MustCompile(rows).FindAllStringSubmatch(string(text), -1) {
		if path == "golden/RULES.md" {
			row[1], row[2] = row[2], row[1]
		}
		found = append(found, fmt.Sprint(row[1], row[2], row[3]))
	}
	return found
}

func table() []string {
	var rows []string
	for _, p := range All {
		rows = append(rows, fmt.Sprint(p.Status, p.Slug(), p.Title))
	}
	return rows
}

func TestTheTableIsTheEngines(t *testing.T) {
	want := read(t, "engine-core/src/error.rs", `= (\d{3}), "([a-z-]+)", "([^"]+)";`)
	if got := table(); len(want) < 40 || !slices.Equal(got, want) {
		t.Errorf("%q\nnot %q", got, want)
	}
}

func TestTheTableHasTheRefusalsOfTheRules(t *testing.T) {
	want := read(t, "golden/RULES.md", "(?m)^\\| `([a-z-]+)` \\| (\\d{3}) \\| ([^|]+) \\|$")
	if len(want) < 25 {
		t.Fatalf("only %d rows", len(want))
	}
	for _, row := range want {
		if !slices.Contains(table(), row) {
			t.Errorf("%q is missing", row)
		}
	}
}

func TestADetailChangesNothingOfTheTable(t *testing.T) {
	before := *InvalidBody
	fault := &document.Fault{Code: document.WrongType, Path: "/a", Line: 1, Column: 2}
	because, at := InvalidBody.Because("why"), InvalidBody.At(fault)
	if *InvalidBody != before || because.Detail != "why" || at.Fault != fault ||
		at.Detail != "a value of the wrong type" || at.Status != 422 {
		t.Errorf("%+v, %+v, %+v", InvalidBody, because, at)
	}
	if !because.Is(InvalidBody) || because.Is(InvalidQuest) {
		t.Error("a problem is of its type")
	}
}
