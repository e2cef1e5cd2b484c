package vocab

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestIDsStartWithALetterOrDigitAndEndAt32Bytes(t *testing.T) {
	longest := strings.Repeat("a", 32)
	for _, good := range []string{"harbour-1", "A", "0", "a.b_c-d", longest} {
		id, ok := ParseID(good)
		if !ok || id.String() != good || id.Len() != len(good) || string(id.Bytes()) != good {
			t.Errorf("%q became %q, %v", good, id, ok)
		}
		if other, _ := ParseID([]byte(good)); other != id {
			t.Errorf("%q is not itself", good)
		}
	}
	for _, bad := range []string{
		"", "-a", ".", "_", "a b", "a/b", "ä", "a\x00", "a\n", longest + "a",
	} {
		if id, ok := ParseID(bad); ok {
			t.Errorf("%q is the id %q", bad, id)
		}
	}
}

func TestNamesAreUTF8WithoutControlCharacters(t *testing.T) {
	for _, good := range []string{
		"Ada Lovelace", "Zoë 🦀", "\u00a0", "\u2028", "<&>", strings.Repeat("é", 32),
	} {
		if name, ok := ParseName([]byte(good)); !ok || string(name) != good {
			t.Errorf("%q is no name", good)
		}
	}
	for _, bad := range []string{
		"", " ", " a", "a ", "a\nb", "\u0080", "\u0085", "\u009f", "\x7f", "\xff", "a\xc3",
		strings.Repeat("é", 33), strings.Repeat("a", 65),
	} {
		if _, ok := ParseName([]byte(bad)); ok {
			t.Errorf("%q is a name", bad)
		}
	}
}

func TestKeysAreVisibleASCII(t *testing.T) {
	longest := strings.Repeat("~", 64)
	for _, good := range []string{"018f-~!", "!", longest} {
		if key, ok := ParseKey([]byte(good)); !ok || string(key.Bytes()) != good || key.IsZero() {
			t.Errorf("%q is no key", good)
		}
	}
	for _, bad := range []string{"", "a b", "é", "\x7f", longest + "~"} {
		if key, ok := ParseKey([]byte(bad)); ok || !key.IsZero() {
			t.Errorf("%q is a key", bad)
		}
	}
}

func TestWordsAreThoseOfTheWire(t *testing.T) {
	for powerUp := Boost; powerUp < PowerUpCount; powerUp++ {
		if back, ok := ParsePowerUp([]byte(powerUp.String())); !ok || back != powerUp {
			t.Errorf("%v is read back as %v", powerUp, back)
		}
	}
	for _, bad := range []string{"", "Boost", "boost ", "speed"} {
		if _, ok := ParsePowerUp([]byte(bad)); ok {
			t.Errorf("%q is a power-up", bad)
		}
	}
	id, _ := ParseID("h1")
	text, err := json.Marshal([]any{
		id, Name("a"), Boost, NoPowerUp, AlreadyClaimed, MoveTooFast, NoneLeft, Ended,
	})
	want := `["h1","a","boost",null,"already_claimed","too_fast","none_left","ended"]`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}
