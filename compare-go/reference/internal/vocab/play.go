package vocab

// Point is a place. Its coordinates are finite and never −0.
type Point struct {
	X, Y, Z float64
}

// PlayerRef says who plays: a player of the round that started then.
type PlayerRef struct {
	// Player counts from 0 in the order of joining.
	Player uint32
	// StartedMs is the start of the round, in milliseconds since 1970: no two rounds of a hunt
	// have the same.
	StartedMs int64
}

// Codec is how the messages of a WebSocket connection are encoded.
type Codec uint8

// The codecs.
const (
	JSON Codec = iota
	Protobuf
	// CodecCount is how many codecs there are.
	CodecCount
)

// PowerUp is a power-up, or none.
type PowerUp uint8

// The power-ups. Their numbers are those of hunt.proto.
const (
	NoPowerUp PowerUp = iota
	Boost
	Reach
	Double
	// PowerUpCount is how many there are, none included: the length of a table by power-up.
	PowerUpCount
)

var powerUpWords = [...]string{"", "boost", "reach", "double"}

// ParsePowerUp returns the power-up of a word, and whether it is one.
func ParsePowerUp(word []byte) (PowerUp, bool) {
	for p := Boost; p <= Double; p++ {
		if powerUpWords[p] == string(word) {
			return p, true
		}
	}
	return NoPowerUp, false
}

// String is the word of the wire.
func (p PowerUp) String() string { return powerUpWords[p] }

// MarshalJSON is the word, or null for none.
func (p PowerUp) MarshalJSON() ([]byte, error) {
	if p == NoPowerUp {
		return []byte("null"), nil
	}
	return []byte(`"` + powerUpWords[p] + `"`), nil
}

// ResolveOutcome is what a resolve came to.
type ResolveOutcome uint8

// The outcomes of a resolve. Their numbers are those of hunt.proto.
const (
	Claimed ResolveOutcome = iota + 1
	AlreadyClaimed
	ResolveTooFast
	TooFar
	NotOpen
	Exhausted
)

var resolveWords = [...]string{
	"", "claimed", "already_claimed", "too_fast", "too_far", "not_open", "exhausted",
}

// String is the word of the wire.
func (o ResolveOutcome) String() string { return resolveWords[o] }

// MarshalText is the word of the wire.
func (o ResolveOutcome) MarshalText() ([]byte, error) { return []byte(resolveWords[o]), nil }

// MoveOutcome is what a move came to.
type MoveOutcome uint8

// The outcomes of a move. Their numbers are those of hunt.proto.
const (
	Moved MoveOutcome = iota + 1
	MoveTooFast
)

var moveWords = [...]string{"", "moved", "too_fast"}

// String is the word of the wire.
func (o MoveOutcome) String() string { return moveWords[o] }

// MarshalText is the word of the wire.
func (o MoveOutcome) MarshalText() ([]byte, error) { return []byte(moveWords[o]), nil }

// PowerUpOutcome is what the use of a power-up came to.
type PowerUpOutcome uint8

// The outcomes of using a power-up. Their numbers are those of hunt.proto.
const (
	Used PowerUpOutcome = iota + 1
	Active
	NoneLeft
	NoEnergy
)

var powerUpOutcomeWords = [...]string{"", "used", "active", "none_left", "no_energy"}

// String is the word of the wire.
func (o PowerUpOutcome) String() string { return powerUpOutcomeWords[o] }

// MarshalText is the word of the wire.
func (o PowerUpOutcome) MarshalText() ([]byte, error) {
	return []byte(powerUpOutcomeWords[o]), nil
}

// HuntState says whether a round is still played.
type HuntState uint8

// The states of a hunt. Their numbers are those of hunt.proto.
const (
	Running HuntState = iota + 1
	Ended
)

var stateWords = [...]string{"", "running", "ended"}

// String is the word of the wire.
func (s HuntState) String() string { return stateWords[s] }

// MarshalText is the word of the wire.
func (s HuntState) MarshalText() ([]byte, error) { return []byte(stateWords[s]), nil }
