package game

import (
	"crypto/sha256"
	"slices"
	"sync"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// quest is one version of a quest. Nothing but the count of its hunts changes once it is published.
type quest struct {
	id      vocab.ID
	version uint32
	// The SHA-256 of the document, which says whether two versions are the same.
	digest [sha256.Size]byte
	doc    *document.Quest
	// What each treasure gives, with the points that count: plain, and doubled.
	loot [][2]wire.Loot
	// How many hunts play it or have played it last, and starts that look at it. Guarded by the
	// catalogue's lock.
	hunts int
}

func newQuest(id vocab.ID, text []byte, doc *document.Quest) *quest {
	q := &quest{id: id, digest: sha256.Sum256(text), doc: doc}
	q.loot = make([][2]wire.Loot, len(doc.Treasures))
	for i := range doc.Treasures {
		loot := &doc.Treasures[i].Loot
		plain := wire.Loot{Item: loot.Item, Points: loot.Points, PowerUp: loot.PowerUp}
		doubled := plain
		doubled.Points *= 2
		q.loot[i] = [2]wire.Loot{plain, doubled}
	}
	return q
}

// won is what a treasure gives.
func (q *quest) won(treasure uint16, doubled bool) *wire.Loot {
	if doubled {
		return &q.loot[treasure][1]
	}
	return &q.loot[treasure][0]
}

// published is the answer to who published it, or the same document again.
func (q *quest) published(created bool) wire.Quest {
	return wire.Quest{
		Quest: q.id, Version: q.version, Created: created,
		Waypoints: uint32(len(q.doc.Waypoints)), Treasures: uint32(len(q.doc.Treasures)),
	}
}

// catalogue is the quests that were published, by id and version. It knows no hunts but their
// number.
type catalogue struct {
	mu        sync.Mutex
	quests    map[vocab.ID]*versions
	questsMax int
}

// versions is the versions of one quest.
type versions struct {
	// The latest, 1 to QuestVersionsKept, each one more than the one before.
	kept []*quest
	// Those before them that hunts hold.
	played []*quest
}

// publish makes q the next version, unless it is the same document as the latest one.
func (c *catalogue) publish(q *quest) (wire.Quest, *problem.Problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.quests[q.id]
	if v == nil {
		if len(c.quests) >= c.questsMax {
			return wire.Quest{}, problem.QuestsFull
		}
		q.version = 1
		c.quests[q.id] = &versions{kept: []*quest{q}}
		return q.published(true), nil
	}
	latest := v.kept[len(v.kept)-1]
	if latest.digest == q.digest {
		return latest.published(false), nil
	}
	q.version = latest.version + 1
	v.push(q)
	return q.published(false), nil
}

func (v *versions) push(q *quest) {
	v.kept = append(v.kept, q)
	if len(v.kept) <= QuestVersionsKept {
		return
	}
	oldest := v.kept[0]
	v.kept = slices.Delete(v.kept, 0, 1)
	if oldest.hunts > 0 {
		v.played = append(v.played, oldest)
	}
}

// acquire returns a version of a quest, or the latest one where version is 0, and holds it: it is
// found for as long as somebody does. Refused: UnknownQuest, UnknownQuestVersion.
func (c *catalogue) acquire(id vocab.ID, version uint32) (*quest, *problem.Problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.quests[id]
	if v == nil {
		return nil, problem.UnknownQuest
	}
	found := v.kept[len(v.kept)-1]
	if version != 0 {
		found = v.find(version)
	}
	if found == nil {
		return nil, problem.UnknownQuestVersion
	}
	found.hunts++
	return found, nil
}

func (v *versions) find(version uint32) *quest {
	for _, list := range [...][]*quest{v.kept, v.played} {
		for _, q := range list {
			if q.version == version {
				return q
			}
		}
	}
	return nil
}

// release lets a version go that was acquired.
func (c *catalogue) release(q *quest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q.hunts--; q.hunts > 0 {
		return
	}
	v := c.quests[q.id]
	v.played = slices.DeleteFunc(v.played, func(other *quest) bool { return other == q })
}

func (c *catalogue) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.quests)
}
