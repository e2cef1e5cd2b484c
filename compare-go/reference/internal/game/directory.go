package game

import (
	"sync"
	"sync/atomic"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// directory is the hunts that are not forgotten, in the order in which they were created. The lock
// is held to change it, so that no two hunts are the last one that fits; readers take the list as
// it stands. A list is not changed once it is stored, beyond what is appended behind its end.
type directory struct {
	mu   sync.Mutex
	list atomic.Pointer[[]*hunt]
}

// add adds a hunt at the end. Called with the directory locked.
func (d *directory) add(h *hunt) {
	list := append(*d.list.Load(), h)
	d.list.Store(&list)
}

// remove takes a hunt out. Called with the directory locked; linear.
func (d *directory) remove(h *hunt) {
	old := *d.list.Load()
	list := make([]*hunt, 0, len(old))
	for _, other := range old {
		if other != h {
			list = append(list, other)
		}
	}
	d.list.Store(&list)
}

// StartHunt starts a hunt, or the next round of one that has ended (R11 to R16).
func (w *World) StartHunt(
	nowMs int64, hunt vocab.ID, body *document.Hunt,
) (wire.Hunt, *problem.Problem) {
	q, p := w.catalogue.acquire(body.Quest, body.Version)
	if p != nil {
		return wire.Hunt{}, p
	}
	for {
		if h := w.find(&hunt); h == nil {
			answer, p, raced := w.create(nowMs, hunt, q, body.Capacity)
			if raced {
				continue
			}
			if p != nil {
				w.catalogue.release(q)
			}
			return answer, p
		} else if answer, p, unused, raced := h.start(nowMs, q, body.Capacity); !raced {
			w.catalogue.release(unused)
			return answer, p
		}
	}
}

// create makes a new hunt; raced says that somebody else has made it since.
func (w *World) create(
	nowMs int64, id vocab.ID, q *quest, capacity uint32,
) (answer wire.Hunt, p *problem.Problem, raced bool) {
	d := &w.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	if w.find(&id) != nil {
		return wire.Hunt{}, nil, true
	}
	if len(*d.list.Load()) >= w.limits.HuntsMax {
		return wire.Hunt{}, problem.HuntsFull, false
	}
	shard := w.shard(&id)
	h := &hunt{id: id, world: w, shard: shard, duePlace: unscheduled, nowMs: nowMs}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begin(nowMs, q, capacity)
	shard.mu.Lock()
	shard.hunts[id] = h
	shard.mu.Unlock()
	d.add(h)
	return h.started(true), nil, false
}

// start is StartHunt for a hunt that there is. It returns the quest that is not held any more, of
// those that were asked for and played before; raced says that the hunt was forgotten since.
func (h *hunt) start(
	nowMs int64, q *quest, capacity uint32,
) (answer wire.Hunt, p *problem.Problem, unused *quest, raced bool) {
	h.room.mu.Lock()
	defer h.room.mu.Unlock()
	if p := h.enter(); p != nil {
		return wire.Hunt{}, nil, nil, true
	}
	nowMs = h.advance(nowMs)
	if state, _ := h.time(nowMs); state == vocab.Running {
		defer h.mu.Unlock()
		if h.quest != q || h.capacity != capacity {
			return wire.Hunt{}, problem.HuntExists, q, false
		}
		return h.started(false), nil, q, false
	}
	// The last frame of the round before may not have been made yet.
	frame := h.tick(nowMs)
	h.world.pastClaims.Add(uint64(h.round.claimed))
	before := h.begin(nowMs, q, capacity)
	answer = h.started(true)
	h.mu.Unlock()
	h.room.deliver(frame)
	return answer, nil, before, false
}

// Tick makes and delivers the frames that are due in one part of parts of the world, ends hunts and
// forgets them (R23, R57, R64). It is to be called every few milliseconds for each part, by one
// goroutine for one part at a time. Cheap where nothing is due.
func (w *World) Tick(nowMs int64, part, parts int) {
	for i := part; i < shardCount; i += parts {
		for {
			h := w.shards[i].schedule.take(nowMs)
			if h == nil {
				break
			}
			h.due(nowMs)
		}
	}
}

// due does what the hunt has to do by now.
func (h *hunt) due(nowMs int64) {
	h.room.mu.Lock()
	defer h.room.mu.Unlock()
	if p := h.enter(); p != nil {
		return
	}
	nowMs = h.advance(nowMs)
	if h.lastFrameMade && nowMs >= h.endsAtMs()+h.world.limits.EndedKeepMs {
		h.forget()
		h.mu.Unlock()
		return
	}
	frame := h.tick(nowMs)
	h.schedule()
	h.mu.Unlock()
	h.room.deliver(frame)
}

// forget takes the hunt out of the world.
func (h *hunt) forget() {
	w := h.world
	w.directory.mu.Lock()
	defer w.directory.mu.Unlock()
	h.forgotten = true
	h.shard.mu.Lock()
	delete(h.shard.hunts, h.id)
	h.shard.mu.Unlock()
	w.directory.remove(h)
	w.pastClaims.Add(uint64(h.round.claimed))
	w.catalogue.release(h.quest)
}
