package api

import (
	"strconv"
	"strings"

	"treasurehunt/internal/problem"
)

// Bounds of the leaderboard's parameter `limit`.
const (
	boardRows    = 10
	boardRowsMax = 100
)

// eachParameter calls take with every pair of a query; take says whether it knew it. A `+` is a
// plus sign: the query is no form.
func eachParameter(query string, take func(name, value string) bool) *problem.Problem {
	if query == "" {
		return nil
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, refusal := decode(name)
		if refusal != nil {
			return refusal
		}
		if value, refusal = decode(value); refusal != nil {
			return refusal
		}
		if !take(name, value) {
			return problem.InvalidQuery
		}
	}
	return nil
}

// number is a parameter that may be given once.
type number struct {
	value uint32
	given bool
}

// take reads the parameter; false where it is no number, or given before.
func (n *number) take(digits string) bool {
	value, ok := parseNumber(digits)
	if !ok || n.given {
		return false
	}
	n.value, n.given = value, true
	return true
}

// parseNumber reads decimal digits without sign and leading zeros (R53).
func parseNumber(digits string) (uint32, bool) {
	if digits == "" || digits[0] == '0' && digits != "0" || digits[0] == '+' {
		return 0, false
	}
	value, err := strconv.ParseUint(digits, 10, 32)
	return uint32(value), err == nil
}

func (r *Route) readBoardQuery(query string) *problem.Problem {
	limit, around := number{value: boardRows}, number{}
	refusal := eachParameter(query, func(name, value string) bool {
		switch name {
		case "limit":
			return limit.take(value) && limit.value >= 1 && limit.value <= boardRowsMax
		case "around":
			return around.take(value)
		}
		return false
	})
	r.limit, r.around, r.hasAround = limit.value, around.value, around.given
	return refusal
}

func (r *Route) readLootQuery(query string) *problem.Problem {
	var session number
	refusal := eachParameter(query, func(name, value string) bool {
		return name == "session" && session.take(value)
	})
	r.session = session.value
	return refusal
}

func noParameters(query string) *problem.Problem {
	return eachParameter(query, func(string, string) bool { return false })
}
