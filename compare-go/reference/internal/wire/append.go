package wire

import (
	"treasurehunt/internal/jsonform"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

// One function for each answer: the keys are literals with their punctuation, so that writing is
// appending, and nothing else. Ids and words need no escapes.

func appendID(dst []byte, key string, id vocab.ID) []byte {
	dst = append(dst, key...)
	dst = append(dst, '"')
	dst = id.Append(dst)
	return append(dst, '"')
}

func appendWord(dst []byte, key, word string) []byte {
	dst = append(dst, key...)
	dst = append(dst, '"')
	dst = append(dst, word...)
	return append(dst, '"')
}

func appendUint(dst []byte, key string, value uint32) []byte {
	return jsonform.AppendUint(append(dst, key...), value)
}

func appendFloat(dst []byte, key string, value float64) []byte {
	return jsonform.AppendFloat(append(dst, key...), value)
}

func appendText(dst []byte, key, text string) []byte {
	return jsonform.AppendString(append(dst, key...), text)
}

func appendQuest(dst []byte, a *Quest) []byte {
	dst = appendID(dst, `{"quest":`, a.Quest)
	dst = appendUint(dst, `,"version":`, a.Version)
	dst = appendUint(dst, `,"waypoints":`, a.Waypoints)
	dst = appendUint(dst, `,"treasures":`, a.Treasures)
	return append(dst, '}')
}

func appendHunt(dst []byte, a *Hunt) []byte {
	dst = appendID(dst, `{"hunt":`, a.Hunt)
	dst = appendID(dst, `,"quest":`, a.Quest)
	dst = appendUint(dst, `,"version":`, a.Version)
	dst = appendUint(dst, `,"capacity":`, a.Capacity)
	dst = appendUint(dst, `,"round":`, a.Round)
	return append(dst, '}')
}

func appendJoined(dst []byte, a *Joined) []byte {
	dst = appendUint(dst, `{"player":`, a.Player)
	dst = append(dst, `,"session":"`...)
	dst = append(dst, a.Session...)
	return append(dst, `"}`...)
}

// appendResolved appends the members of a resolve, in a body or in a message.
func appendResolved(dst []byte, a *Resolved) []byte {
	dst = appendWord(dst, `"outcome":`, a.Outcome.String())
	if a.Loot == nil {
		dst = append(dst, `,"loot":null`...)
	} else {
		dst = appendID(dst, `,"loot":{"item":`, a.Loot.Item)
		dst = appendUint(dst, `,"points":`, a.Loot.Points)
		if a.Loot.PowerUp == vocab.NoPowerUp {
			dst = append(dst, `,"power_up":null}`...)
		} else {
			dst = appendWord(dst, `,"power_up":`, a.Loot.PowerUp.String())
			dst = append(dst, '}')
		}
	}
	dst = appendUint(dst, `,"score":`, a.Score)
	return appendUint(dst, `,"rank":`, a.Rank)
}

func appendStatus(dst []byte, a *Status) []byte {
	dst = appendID(dst, `{"hunt":`, a.Hunt)
	dst = appendID(dst, `,"quest":`, a.Quest)
	dst = appendUint(dst, `,"version":`, a.Version)
	dst = appendUint(dst, `,"round":`, a.Round)
	dst = appendWord(dst, `,"status":`, a.Status.String())
	dst = appendUint(dst, `,"tick":`, a.Tick)
	dst = appendUint(dst, `,"remaining_ms":`, a.RemainingMs)
	dst = appendUint(dst, `,"players":`, a.Players)
	dst = appendUint(dst, `,"capacity":`, a.Capacity)
	dst = appendUint(dst, `,"watchers":`, a.Watchers)
	dst = appendUint(dst, `,"claims":`, a.Claims)
	return append(dst, '}')
}

func appendLeaderboard(dst []byte, a *Leaderboard) []byte {
	dst = appendID(dst, `{"hunt":`, a.Hunt)
	dst = appendUint(dst, `,"players":`, a.Players)
	dst = append(dst, `,"rows":[`...)
	for i := range a.Rows {
		row := &a.Rows[i]
		dst = appendComma(dst, i)
		dst = appendUint(dst, `{"rank":`, row.Rank)
		dst = appendUint(dst, `,"player":`, row.Player)
		dst = appendText(dst, `,"name":`, string(row.Name))
		dst = appendUint(dst, `,"score":`, row.Score)
		dst = append(dst, '}')
	}
	return append(dst, `]}`...)
}

func appendLootTable(dst []byte, a *LootTable) []byte {
	dst = appendUint(dst, `{"session":`, a.Session)
	if a.Hunt.Len() == 0 {
		dst = append(dst, `,"hunt":null`...)
	} else {
		dst = appendID(dst, `,"hunt":`, a.Hunt)
	}
	dst = append(dst, `,"loot":[`...)
	for i := range a.Rows {
		row := &a.Rows[i]
		dst = appendComma(dst, i)
		dst = appendID(dst, `{"treasure":`, row.Treasure)
		dst = appendID(dst, `,"item":`, row.Item)
		dst = appendUint(dst, `,"points":`, row.Points)
		dst = appendUint(dst, `,"remaining":`, row.Remaining)
		dst = append(dst, '}')
	}
	return append(dst, `]}`...)
}

// appendProblem appends the members of a problem document, in a body or in a message (R77).
func appendProblem(dst []byte, p *problem.Problem) []byte {
	dst = appendText(dst, `"type":`, p.Type)
	dst = appendText(dst, `,"title":`, p.Title)
	dst = appendUint(dst, `,"status":`, uint32(p.Status))
	if p.Detail != "" {
		dst = appendText(dst, `,"detail":`, p.Detail)
	}
	if p.Fault != nil {
		dst = appendText(dst, `,"path":`, p.Fault.Path)
		dst = appendUint(dst, `,"line":`, p.Fault.Line)
		dst = appendUint(dst, `,"column":`, p.Fault.Column)
	}
	return dst
}

// appendMoved appends the members of the answer to a move, the number aside.
func appendMoved(dst []byte, a *Moved) []byte {
	dst = appendWord(dst, `"outcome":`, a.Outcome.String())
	dst = appendFloat(dst, `,"x":`, a.At.X)
	dst = appendFloat(dst, `,"y":`, a.At.Y)
	dst = appendFloat(dst, `,"z":`, a.At.Z)
	return appendUint(dst, `,"energy":`, a.Energy)
}

// appendPowerUpUsed appends the members of the answer to the use of a power-up, the number aside.
func appendPowerUpUsed(dst []byte, a *PowerUpUsed) []byte {
	dst = appendWord(dst, `"outcome":`, a.Outcome.String())
	dst = appendWord(dst, `,"power_up":`, a.PowerUp.String())
	dst = appendUint(dst, `,"active_ms":`, a.ActiveMs)
	return appendUint(dst, `,"energy":`, a.Energy)
}

// appendComma appends the comma before every element but the first.
func appendComma(dst []byte, index int) []byte {
	if index == 0 {
		return dst
	}
	return append(dst, ',')
}
