package game

import "iter"

// leaderboard is the leaderboard of one round: rank, top and around in O(log n), and nothing
// allocated when a score changes.
//
// It is a treap that knows the size of every subtree. A B-tree would have fewer cache misses on
// the way down, but moves its entries when one is taken out, so that finding a player's rank needs
// the way down too; here the node of player p is node p of one slice, which is where the way up
// begins. A skip list needs a height for each player and as many pointers. The nodes hold indices,
// not pointers: the garbage collector does not look at them. A node's priority is a function of its
// index and a seed that no player knows: it takes no memory, and nobody can plan a deep tree.
//
// It does not know names, and not why a score changed.
type leaderboard struct {
	nodes []node
	root  int32
	// How often a score was reached so far: at most 1,024 treasures and one joining for each of
	// 1,000,000 players.
	reached uint32
	seed    uint64
}

type node struct {
	// Ascending keys are descending places: the complement of the score, then the counter.
	key uint64
	// The subtrees of smaller and of larger keys.
	children [2]int32
	parent   int32
	// How many nodes the subtree has, this one included.
	count int32
}

// none stands for no node.
const none int32 = -1

// The children of a node.
const (
	left = iota
	right
)

// standing is a player's place.
type standing struct {
	// rank counts from 1.
	rank, player, score uint32
}

func newLeaderboard(seed uint64) leaderboard {
	return leaderboard{root: none, seed: seed}
}

func (b *leaderboard) len() uint32 { return uint32(len(b.nodes)) }

// join adds the next player, with score 0, behind everyone, and returns the player's number.
func (b *leaderboard) join() uint32 {
	player := int32(len(b.nodes))
	b.nodes = append(b.nodes, node{})
	b.insert(player, 0)
	return uint32(player)
}

// setScore puts a player who has reached a score behind everyone who had reached it before.
func (b *leaderboard) setScore(player, score uint32) {
	b.remove(int32(player))
	b.insert(int32(player), score)
}

// standing returns a player's place. There must be such a player.
func (b *leaderboard) standing(player uint32) standing {
	at := &b.nodes[player]
	rank := b.count(at.children[left]) + 1
	below := int32(player)
	for above := at.parent; above != none; {
		parent := &b.nodes[above]
		if parent.children[right] == below {
			rank += b.count(parent.children[left]) + 1
		}
		below, above = above, parent.parent
	}
	return standing{rank: uint32(rank), player: player, score: at.score()}
}

// from yields the places from the one with first others in front of it on.
func (b *leaderboard) from(first uint32) iter.Seq[standing] {
	return func(yield func(standing) bool) {
		rank := first
		for at := b.nth(int32(first)); at != none; at = b.next(at) {
			rank++
			if !yield(standing{rank, uint32(at), b.nodes[at].score()}) {
				return
			}
		}
	}
}

// window is where the limit places begin of which the player has the place limit / 2, counted from
// 0, or one nearer to an end of the board than that would need (R52).
func (b *leaderboard) window(player, limit uint32) uint32 {
	before := b.standing(player).rank - 1
	first := before - min(before, limit/2)
	return min(first, b.len()-min(b.len(), limit))
}

// nth is the node with so many others in front of it; none where there is no such node.
func (b *leaderboard) nth(before int32) int32 {
	at := b.root
	for at != none {
		node := &b.nodes[at]
		smaller := b.count(node.children[left])
		switch {
		case before < smaller:
			at = node.children[left]
		case before == smaller:
			return at
		default:
			before -= smaller + 1
			at = node.children[right]
		}
	}
	return none
}

func (b *leaderboard) next(at int32) int32 {
	if next := b.nodes[at].children[right]; next != none {
		for b.nodes[next].children[left] != none {
			next = b.nodes[next].children[left]
		}
		return next
	}
	below, at := at, b.nodes[at].parent
	for at != none && b.nodes[at].children[right] == below {
		below, at = at, b.nodes[at].parent
	}
	return at
}

// insert puts a node where its key belongs, as a leaf, and then up to where its priority belongs.
func (b *leaderboard) insert(player int32, score uint32) {
	key := uint64(^score)<<32 | uint64(b.reached)
	b.reached++
	parent, side := none, left
	for at := b.root; at != none; {
		node := &b.nodes[at]
		node.count++
		side = left
		if key > node.key {
			side = right
		}
		parent, at = at, node.children[side]
	}
	b.nodes[player] = node{key: key, children: [2]int32{none, none}, parent: parent, count: 1}
	b.attach(parent, side, player)
	for parent != none && b.priority(player) > b.priority(parent) {
		b.rotateUp(player)
		parent = b.nodes[player].parent
	}
}

// remove takes a node down until it is a leaf, and then out.
func (b *leaderboard) remove(player int32) {
	for {
		children := b.nodes[player].children
		up := children[left]
		if up == none || children[right] != none && b.priority(children[right]) > b.priority(up) {
			up = children[right]
		}
		if up == none {
			break
		}
		b.rotateUp(up)
	}
	parent := b.nodes[player].parent
	if parent == none {
		b.root = none
		return
	}
	b.nodes[parent].children[b.side(parent, player)] = none
	for ; parent != none; parent = b.nodes[parent].parent {
		b.nodes[parent].count--
	}
}

// rotateUp swaps a node with its parent, which becomes its child; the order stays.
func (b *leaderboard) rotateUp(at int32) {
	parent := b.nodes[at].parent
	above := b.nodes[parent].parent
	aboveSide := left
	if above != none {
		aboveSide = b.side(above, parent)
	}
	side := b.side(parent, at)
	inner := b.nodes[at].children[1-side]
	b.attach(parent, side, inner)
	b.attach(at, 1-side, parent)
	b.attach(above, aboveSide, at)
	b.nodes[at].count = b.nodes[parent].count
	children := b.nodes[parent].children
	b.nodes[parent].count = b.count(children[left]) + b.count(children[right]) + 1
}

// attach hangs a child below a parent; below none it is the root.
func (b *leaderboard) attach(parent int32, side int, child int32) {
	if parent == none {
		b.root = child
	} else {
		b.nodes[parent].children[side] = child
	}
	if child != none {
		b.nodes[child].parent = parent
	}
}

func (b *leaderboard) side(parent, child int32) int {
	if b.nodes[parent].children[right] == child {
		return right
	}
	return left
}

func (b *leaderboard) count(at int32) int32 {
	if at == none {
		return 0
	}
	return b.nodes[at].count
}

// priority spreads the index by the finalizer of SplitMix64.
func (b *leaderboard) priority(at int32) uint64 {
	x := b.seed + uint64(at)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (n *node) score() uint32 { return ^uint32(n.key >> 32) }
