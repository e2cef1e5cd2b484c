package token

import (
	"bytes"
	"encoding/base64"
	"os"
	"strings"
	"testing"

	"treasurehunt/internal/racing"
	"treasurehunt/internal/vocab"
)

const (
	nowMs   = 1_800_000_000_000
	laterMs = nowMs + 1000
)

func ring(t testing.TB, ids ...byte) *Ring {
	t.Helper()
	var keys []Key
	for _, id := range ids {
		keys = append(keys, Key{ID: id, Secret: bytes.Repeat([]byte{id}, SecretBytesMin)})
	}
	ring, err := NewRing(keys)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func session(t testing.TB, hunt string) *Session {
	t.Helper()
	id, ok := vocab.ParseID(hunt)
	if !ok {
		t.Fatalf("%q is no id", hunt)
	}
	return &Session{Hunt: id, Player: vocab.PlayerRef{Player: 7, StartedMs: nowMs - 5}}
}

func TestASessionIsReadBackUntilItExpires(t *testing.T) {
	ring := ring(t, 1)
	for _, hunt := range []string{"h", strings.Repeat("h", vocab.IDBytesMax)} {
		want := session(t, hunt)
		token := ring.AppendSession(nil, want, laterMs)
		if got, err := ring.Session(nowMs, token); err != nil || got != *want {
			t.Errorf("read back as %v, %v", got, err)
		}
		if _, err := ring.Session(laterMs-1, token); err != nil {
			t.Errorf("a millisecond before its expiry: %v", err)
		}
		if _, err := ring.Session(laterMs, token); err != ErrExpired {
			t.Errorf("at its expiry: %v", err)
		}
		if err := ring.Admin(nowMs, token); err != ErrInvalid {
			t.Errorf("as an admin token: %v", err)
		}
	}
}

func TestAnAdminTokenIsNoSession(t *testing.T) {
	ring := ring(t, 1)
	token := ring.AppendAdmin(nil, laterMs)
	if err := ring.Admin(nowMs, token); err != nil {
		t.Error(err)
	}
	if err := ring.Admin(laterMs, token); err != ErrExpired {
		t.Error(err)
	}
	if _, err := ring.Session(nowMs, token); err != ErrInvalid {
		t.Error(err)
	}
}

// The kind is looked at before the expiry, and no other kind is good for anything.
func TestAKindIsNoOther(t *testing.T) {
	ring := ring(t, 1)
	expired := ring.AppendSession(nil, session(t, "h"), nowMs)
	if err := ring.Admin(nowMs, expired); err != ErrInvalid {
		t.Error(err)
	}
	other := ring.appendSigned(nil, ring.appendHead(nil, 3, laterMs))
	if err := ring.Admin(nowMs, other); err != ErrInvalid {
		t.Error(err)
	}
}

func TestARotatedKeyVerifiesUntilItIsDropped(t *testing.T) {
	token := ring(t, 1).AppendSession(nil, session(t, "h"), laterMs)
	if _, err := ring(t, 2, 1).Session(nowMs, token); err != nil {
		t.Error(err)
	}
	if _, err := ring(t, 2).Session(nowMs, token); err != ErrInvalid {
		t.Error(err)
	}
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	ring := ring(t, 1)
	token := ring.AppendSession(nil, session(t, "h"), laterMs)
	for place := range token {
		changed := bytes.Clone(token)
		changed[place] = 'A' + (changed[place]+1)%26
		if _, err := ring.Session(nowMs, changed); err != ErrInvalid {
			t.Errorf("byte %d: %v", place, err)
		}
	}
	for _, bad := range []string{
		"", "AAAA", "!", string(token[1:]), strings.Repeat("A", 500), string(token) + "=",
		string(token) + "\n", string(token[:9]) + "\r\n" + string(token[9:]),
		base64.StdEncoding.EncodeToString([]byte{0xff, 0xfe}),
	} {
		if _, err := ring.Session(nowMs, []byte(bad)); err != ErrInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// The last character of a token of 55 bytes has four bits that stand for nothing. They must be 0.
func TestATokenIsWrittenInOneWayOnly(t *testing.T) {
	ring := ring(t, 1)
	token := ring.AppendSession(nil, session(t, "h"), laterMs)
	if len(token)%4 != 2 {
		t.Fatalf("a token of %d characters has no spare bits to test", len(token))
	}
	token[len(token)-1]++
	if _, err := ring.Session(nowMs, token); err != ErrInvalid {
		t.Error(err)
	}
}

func TestARingNeedsLongSecretsOfDifferentIDs(t *testing.T) {
	long := make([]byte, SecretBytesMin)
	for _, c := range []struct {
		keys []Key
		want string
	}{
		{nil, "at least one signing key is needed"},
		{[]Key{{1, long[1:]}}, "the secret of signing key 1 has fewer than 32 bytes"},
		{[]Key{{1, long}, {1, long}}, "two signing keys have the id 1"},
	} {
		if _, err := NewRing(c.keys); err == nil || err.Error() != c.want {
			t.Errorf("%v, not %q", err, c.want)
		}
	}
}

// The tokens of the transcripts, with the keys of golden/server.toml.
func TestTheTokensOfTheTranscripts(t *testing.T) {
	secret := func(first byte) []byte {
		secret := make([]byte, SecretBytesMin)
		for i := range secret {
			secret[i] = first + byte(i)
		}
		return secret
	}
	keys, err := NewRing([]Key{{2, secret(0x20)}, {1, secret(0x40)}})
	if err != nil {
		t.Fatal(err)
	}
	tokens := transcriptTokens(t)
	for name, want := range map[string]error{
		"admin_of_old_key": nil, "admin_expired": ErrExpired, "admin_forged": ErrInvalid,
		"admin_of_unknown_key": ErrInvalid,
	} {
		if err := keys.Admin(nowMs, tokens[name]); err != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]error{
		"session_expired": ErrExpired, "session_forged": ErrInvalid, "session_of_no_hunt": nil,
		"session_of_no_round": nil, "session_of_bad_hunt": ErrInvalid,
	} {
		if _, err := keys.Session(nowMs, tokens[name]); err != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	const in2100 = 4_102_444_800_000
	got, err := keys.Session(nowMs, tokens["session_of_no_round"])
	if err != nil || got.Hunt.String() != "sessions-1" || got.Player.StartedMs != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if again := keys.AppendSession(nil, &got, in2100); !bytes.Equal(
		again, tokens["session_of_no_round"]) {
		t.Errorf("made as %s", again)
	}
}

func transcriptTokens(t *testing.T) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("../../../../golden/transcripts/setup/tokens.txt")
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string][]byte{}
	for line := range strings.Lines(string(text)) {
		if name, token, ok := strings.Cut(strings.TrimPrefix(line, "let "), " = "); ok {
			tokens[name] = []byte(strings.TrimSpace(token))
		}
	}
	if len(tokens) < 9 {
		t.Fatalf("only %d tokens", len(tokens))
	}
	return tokens
}

func TestNothingIsAllocated(t *testing.T) {
	if racing.Enabled {
		t.Skip("the race detector allocates")
	}
	ring := ring(t, 1)
	s := session(t, "hunt-1")
	token := ring.AppendSession(nil, s, laterMs)
	out := make([]byte, 0, 200)
	allocs := testing.AllocsPerRun(1000, func() {
		out = ring.AppendSession(out[:0], s, laterMs)
		if _, err := ring.Session(nowMs, token); err != nil {
			t.Error(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkSession(b *testing.B) {
	ring := ring(b, 1)
	token := ring.AppendSession(nil, session(b, "hunt-1"), laterMs)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ring.Session(nowMs, token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendSession(b *testing.B) {
	ring := ring(b, 1)
	s := session(b, "hunt-1")
	out := make([]byte, 0, 200)
	b.ReportAllocs()
	for b.Loop() {
		out = ring.AppendSession(out[:0], s, laterMs)
	}
}
