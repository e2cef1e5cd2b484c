package game

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// model is a leaderboard as its rule reads: the players in their order.
type model struct {
	order  []uint32
	scores []uint32
}

func (m *model) join() uint32 {
	player := uint32(len(m.scores))
	m.scores = append(m.scores, 0)
	m.order = append(m.order, player)
	return player
}

// setScore puts the player behind all who have as much or more.
func (m *model) setScore(player, score uint32) {
	m.order = slices.DeleteFunc(m.order, func(p uint32) bool { return p == player })
	m.scores[player] = score
	place := slices.IndexFunc(m.order, func(p uint32) bool { return m.scores[p] < score })
	if place < 0 {
		place = len(m.order)
	}
	m.order = slices.Insert(m.order, place, player)
}

func (m *model) from(first uint32) []standing {
	var places []standing
	for i := int(first); i < len(m.order); i++ {
		player := m.order[i]
		places = append(places, standing{uint32(i + 1), player, m.scores[player]})
	}
	return places
}

func TestTheLeaderboardIsThatOfItsModel(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		board, model := newLeaderboard(random.Uint64()), &model{}
		joins := 1 + random.IntN(8)
		for range 400 {
			if board.len() == 0 || random.IntN(joins) == 0 {
				if got, want := board.join(), model.join(); got != want {
					t.Fatalf("seed %d: player %d joins as %d", seed, want, got)
				}
				continue
			}
			// Few scores, so that there are many ties; lower ones too, though no rule has them.
			player, score := random.Uint32N(board.len()), random.Uint32N(6)
			board.setScore(player, score)
			model.setScore(player, score)
		}
		compare(t, &board, model, random)
		checkTree(t, &board)
	}
}

func compare(t *testing.T, board *leaderboard, model *model, random *rand.Rand) {
	t.Helper()
	want := model.from(0)
	if got := slices.Collect(board.from(0)); !slices.Equal(got, want) {
		t.Fatalf("the board is %v, not %v", got, want)
	}
	for _, place := range want {
		if got := board.standing(place.player); got != place {
			t.Fatalf("player %d stands at %v, not %v", place.player, got, place)
		}
		if got := slices.Collect(board.from(place.rank)); !slices.Equal(got, model.from(place.rank)) {
			t.Fatalf("from %d on: %v", place.rank, got)
		}
		limit := 1 + random.Uint32N(2*board.len())
		n, p := int64(board.len()), int64(place.rank)
		first := min(max(p-1-int64(limit/2), 0), max(n-int64(limit), 0))
		if got := board.window(place.player, limit); int64(got) != first {
			t.Fatalf("%d around rank %d of %d begin at %d, not %d", limit, p, n, got, first)
		}
	}
}

// checkTree fails where a node does not know its children, or has a smaller priority than one.
func checkTree(t *testing.T, board *leaderboard) {
	t.Helper()
	for i := range board.nodes {
		at := int32(i)
		node := &board.nodes[at]
		count := int32(1)
		for side, child := range node.children {
			if child == none {
				continue
			}
			below := &board.nodes[child]
			if below.parent != at || board.priority(child) > board.priority(at) ||
				(below.key > node.key) != (side == right) {
				t.Fatalf("node %d is not below %d", child, at)
			}
			count += below.count
		}
		if node.count != count || (node.parent == none) != (board.root == at) {
			t.Fatalf("node %d counts %d, not %d", at, node.count, count)
		}
	}
}

// A treap of n nodes is some 1.4 log2 n deep on average, and seldom twice that.
func TestPlayersWhoJoinInOrderMakeNoDeepTree(t *testing.T) {
	board := newLeaderboard(7)
	for range 100_000 {
		board.join()
	}
	deepest := 0
	for i := range board.nodes {
		depth := 0
		for at := int32(i); at != none; at = board.nodes[at].parent {
			depth++
		}
		deepest = max(deepest, depth)
	}
	if deepest > 60 {
		t.Errorf("%d deep", deepest)
	}
}

func TestAScoreAllocatesNothing(t *testing.T) {
	board := newLeaderboard(7)
	for range 1000 {
		board.join()
	}
	score := uint32(0)
	if allocs := testing.AllocsPerRun(1000, func() {
		score++
		board.setScore(score%1000, score)
		board.standing(score % 1000)
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkLeaderboard(b *testing.B) {
	for _, players := range []int{100, 10_000, 1_000_000} {
		b.Run(sizeName(players), func(b *testing.B) {
			board := newLeaderboard(7)
			for range players {
				board.join()
			}
			random := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				player := random.Uint32N(uint32(players))
				board.setScore(player, uint32(i)/1000)
				board.standing(player)
			}
		})
	}
}

func sizeName(players int) string {
	switch {
	case players >= 1_000_000:
		return "1M"
	case players >= 10_000:
		return "10k"
	}
	return "100"
}
