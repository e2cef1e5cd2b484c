package jsonform

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestStringsEscapeWhatTheyMustAndNothingElse(t *testing.T) {
	text := "\"\\/\b\f\n\r\t\x00\x1f\x7f\u2028é🦀<>&"
	want := `"\"\\/\b\f\n\r\t\u0000\u001f` + "\x7f\u2028é🦀<>&\""
	if got := string(AppendString(nil, text)); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if got := string(AppendString([]byte("x"), "")); got != `x""` {
		t.Error(got)
	}
}

func TestNumbersAreWrittenAsECMAScriptWritesThem(t *testing.T) {
	for _, c := range []struct {
		value float64
		want  string
	}{
		{0, "0"}, {math.Copysign(0, -1), "0"}, {1, "1"}, {-1.5, "-1.5"}, {359.9, "359.9"},
		{0.30000000000000004, "0.30000000000000004"}, {1e20, "100000000000000000000"},
		{1e21, "1e+21"}, {-1e21, "-1e+21"}, {1e-6, "0.000001"}, {1e-7, "1e-7"}, {-1.5e-7, "-1.5e-7"},
		{1.25e-10, "1.25e-10"}, {5e-324, "5e-324"}, {math.MaxFloat64, "1.7976931348623157e+308"},
		{1 << 53, "9007199254740992"}, {1<<53 - 1, "9007199254740991"}, {-(1 << 53), "-9007199254740992"},
		{1e6, "1000000"}, {999999.5, "999999.5"}, {1234.5678, "1234.5678"}, {1e-5, "0.00001"},
	} {
		if got := string(AppendFloat(nil, c.value)); got != c.want {
			t.Errorf("%v is written %s, not %s", c.value, got, c.want)
		}
	}
}

// encoding/json follows ECMAScript too, −0 aside.
func TestNumbersAgreeWithEncodingJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		value := math.Float64frombits(random.Uint64())
		if random.IntN(2) == 0 {
			value = float64(random.IntN(2_000_001)-1_000_000) / math.Pow10(random.IntN(9))
		}
		if math.IsNaN(value) || math.IsInf(value, 0) {
			continue
		}
		got := AppendFloat(nil, value)
		if want, err := json.Marshal(value + 0); err != nil || string(got) != string(want) {
			t.Fatalf("%s, not %s", got, want)
		}
		if back, err := strconv.ParseFloat(string(got), 64); err != nil || back != value {
			t.Fatalf("%s is read back as %v", got, back)
		}
	}
}

func FuzzStringsAreReadBack(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\x1f\"\\\u2029")
	f.Fuzz(func(t *testing.T, text string) {
		want, err := json.Marshal(text)
		if err != nil {
			t.Skip()
		}
		var replaced, back string
		if err := json.Unmarshal(want, &replaced); err != nil || replaced != text {
			t.Skip("not UTF-8")
		}
		if err := json.Unmarshal(AppendString(nil, text), &back); err != nil || back != text {
			t.Errorf("%q is read back as %q: %v", text, back, err)
		}
	})
}

func BenchmarkFloat(b *testing.B) {
	out := make([]byte, 0, 32)
	b.ReportAllocs()
	for b.Loop() {
		out = AppendFloat(out[:0], 1234.5)
	}
}

func BenchmarkWholeFloat(b *testing.B) {
	out := make([]byte, 0, 32)
	b.ReportAllocs()
	for b.Loop() {
		out = AppendFloat(out[:0], 1234)
	}
}
