package play

import (
	"errors"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// read gives bytes of a peer to an inbound, and reads a frame or a message from it.
func inboundOf(bytes string) *inbound { return &inbound{unread: []byte(bytes)} }

// masked is a frame of a client, with a mask of zeros.
func masked(first byte, payload string) string {
	n := len(payload)
	switch {
	case n < 126:
		return string([]byte{first, 0x80 | byte(n)}) + "\x00\x00\x00\x00" + payload
	case n <= 0xffff:
		return string([]byte{first, 0x80 | 126, byte(n >> 8), byte(n)}) + "\x00\x00\x00\x00" + payload
	}
	panic("the tests have no longer ones")
}

func TestHeadersThatBreakARuleAreViolations(t *testing.T) {
	for what, bytes := range map[string]string{
		"a reserved bit":             masked(0xc1, ""),
		"a reserved opcode":          masked(0x83, ""),
		"a reserved control opcode":  masked(0x8b, ""),
		"no mask":                    "\x81\x01x",
		"a control frame in pieces":  masked(0x09, ""),
		"a long control frame":       masked(0x89, strings.Repeat("x", 126)),
		"a length of two for none":   "\x81\xfe\x00\x05\x00\x00\x00\x00hello",
		"a length of eight for two":  "\x81\xff\x00\x00\x00\x00\x00\x00\x00\xc8\x00\x00\x00\x00",
		"a length beyond 63 bits":    "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"half a close code":          masked(0x88, "\x03"),
		"a continuation of nothing":  masked(0x80, "x"),
		"another protocol":           "GET / HTTP/1.1\r\n",
		"a reserved bit of a close":  masked(0xf8, ""),
		"an opcode without its mask": "\x83\x00",
	} {
		if _, err := inboundOf(bytes).readHeader(); !errors.Is(err, errProtocol) {
			t.Errorf("%s: %v", what, err)
		}
	}
	in := inboundOf(masked(0x81, "x"))
	in.opcode = ws.OpText
	if _, err := in.readHeader(); !errors.Is(err, errProtocol) {
		t.Errorf("a message within a message: %v", err)
	}
}

func TestAHeaderOfEveryWidthIsRead(t *testing.T) {
	for _, n := range []int{0, 125, 126, 0xffff} {
		h, err := inboundOf(masked(0x82, strings.Repeat("x", n))).readHeader()
		if err != nil || h.Length != int64(n) || h.OpCode != ws.OpBinary || !h.Fin {
			t.Errorf("%d: %+v, %v", n, h, err)
		}
	}
}

// message reads frames until a message is whole.
func message(in *inbound, bytesMax int64) (string, error) {
	for {
		h, err := in.readHeader()
		if err != nil {
			return "", err
		}
		payload, opcode, err := in.readData(h, bytesMax)
		if err != nil || opcode != 0 {
			return string(payload), err
		}
	}
}

func TestAMessageIsPutTogetherAndUnmasked(t *testing.T) {
	in := inboundOf(masked(0x01, "h") + masked(0x00, "") + masked(0x00, "el") + masked(0x80, "lo") +
		"\x81\x83\x01\x02\x03\x04" + "\x60\x60\x60")
	for _, want := range []string{"hello", "abc"} {
		if got, err := message(in, 9); err != nil || got != want {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestAMessageOverItsLimitIsRefusedByItsHeader(t *testing.T) {
	for what, bytes := range map[string]string{
		"one frame":   "\x82\xfe\x04\x01\x00\x00\x00\x00",
		"two frames":  masked(0x02, "x") + "\x80\xfe\x04\x00\x00\x00\x00\x00",
		"a huge one":  "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
		"a huge rest": masked(0x02, "x") + "\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
	} {
		if _, err := message(inboundOf(bytes), 1024); !errors.Is(err, errTooBig) {
			t.Errorf("%s: %v", what, err)
		}
	}
	whole := strings.Repeat("x", 1024)
	if got, err := message(inboundOf(masked(0x82, whole)), 1024); err != nil || got != whole {
		t.Errorf("as long as can be: %v", err)
	}
}

func TestTextIsLookedAtWhileItArrives(t *testing.T) {
	const whole = "aé€🦀\u007f\uffff\U0010ffff"
	for cut := range len(whole) {
		var checked text
		if err := checked.check([]byte(whole[:cut]), false); err != nil {
			t.Fatalf("cut after %d: %v", cut, err)
		}
		if err := checked.check([]byte(whole), true); err != nil {
			t.Fatalf("cut after %d, then whole: %v", cut, err)
		}
	}
	for _, bad := range []string{
		"\xff", "a\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0", "\xf4\x90", "\xc3(", "é\xc3(",
	} {
		var checked text
		if err := checked.check([]byte(bad), false); !errors.Is(err, errNotUTF8) {
			t.Errorf("%q is not seen before its end: %v", bad, err)
		}
	}
	for _, short := range []string{"\xe2\x82", "a\xf0\x9f\xa6"} {
		var checked text
		if err := checked.check([]byte(short), true); !errors.Is(err, errNotUTF8) {
			t.Errorf("%q is taken as whole: %v", short, err)
		}
	}
}

func TestACloseIsAnsweredWithItsCode(t *testing.T) {
	for _, code := range []uint16{1000, 1001, 1003, 1007, 1011, 1012, 1014, 3000, 4999} {
		got, err := closeOf([]byte{byte(code >> 8), byte(code), 'x'})
		if err != nil || got != ws.StatusCode(code) {
			t.Errorf("%d: %d, %v", code, got, err)
		}
	}
	for _, code := range []uint16{0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535} {
		if _, err := closeOf([]byte{byte(code >> 8), byte(code)}); !errors.Is(err, errProtocol) {
			t.Errorf("%d: %v", code, err)
		}
	}
	if code, err := closeOf(nil); code != 0 || err != nil {
		t.Errorf("none: %d, %v", code, err)
	}
	if _, err := closeOf([]byte("\x03\xe8\xff")); !errors.Is(err, errNotUTF8) {
		t.Errorf("a reason that is not UTF-8: %v", err)
	}
}

func TestFramesOfOursAreWrittenInTheFewestBytes(t *testing.T) {
	for n, head := range map[int]string{
		0: "\x81\x00", 125: "\x81\x7d", 126: "\x81\x7e\x00\x7e", 0xffff: "\x81\x7e\xff\xff",
		0x10000: "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
	} {
		payload := strings.Repeat("x", n)
		if got := string(appendFrame(nil, ws.OpText, []byte(payload))); got != head+payload {
			t.Errorf("%d bytes begin with %q", n, got[:min(len(got), 10)])
		}
	}
	if got := string(appendClose(nil, 1001, "idle")); got != "\x88\x06\x03\xe9idle" {
		t.Errorf("a close is written %q", got)
	}
	if got := string(appendClose(nil, 0, "")); got != "\x88\x00" {
		t.Errorf("a close without a code is written %q", got)
	}
}
