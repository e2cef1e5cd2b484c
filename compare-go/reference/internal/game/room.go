package game

import (
	"sync"
	"sync/atomic"

	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// Watcher is a connection that is sent the frames of a hunt.
type Watcher interface {
	// Deliver takes the next frame of the hunt, in order. It is called with the hunt's room locked:
	// it must not block, and not call the hunt or its Watch. After a frame that says Ended no other
	// follows, and the watch is over.
	Deliver(frame *wire.Frame)
}

// Watch is that a connection watches a round.
type Watch struct {
	hunt      *hunt
	watcher   Watcher
	startedMs int64
	// The place in the room, guarded by its lock; notInRoom once the watch is over.
	place int
	codec vocab.Codec
}

const notInRoom = -1

// room is who watches a hunt. Its lock is held while frames are delivered, and taken before the
// hunt's: so frames come in the order in which they were made, a newcomer's first frame is not
// overtaken, and no resolve or move waits for a delivery.
type room struct {
	mu      sync.Mutex
	watches []*Watch
	// How many watch, by codec. Written under the lock, read under the hunt's alone too.
	counts [vocab.CodecCount]atomic.Int32
}

func (r *room) count() uint32 {
	return uint32(r.counts[vocab.JSON].Load() + r.counts[vocab.Protobuf].Load())
}

// wanted says which codecs are read.
func (r *room) wanted() (wanted [vocab.CodecCount]bool) {
	for codec := range wanted {
		wanted[codec] = r.counts[codec].Load() > 0
	}
	return wanted
}

func (r *room) add(w *Watch) {
	w.place = len(r.watches)
	r.watches = append(r.watches, w)
	r.counts[w.codec].Add(1)
}

func (r *room) remove(w *Watch) {
	last := len(r.watches) - 1
	r.watches[w.place] = r.watches[last]
	r.watches[w.place].place = w.place
	r.watches[last] = nil
	r.watches = r.watches[:last]
	w.place = notInRoom
	r.counts[w.codec].Add(-1)
}

// deliver hands a frame to all who watch; nil stands for no frame. The last one empties the room.
func (r *room) deliver(frame *wire.Frame) {
	if frame == nil {
		return
	}
	for _, w := range r.watches {
		w.watcher.Deliver(frame)
	}
	if frame.Ended {
		for _, w := range r.watches {
			w.place = notInRoom
		}
		r.watches = nil
		for codec := range r.counts {
			r.counts[codec].Store(0)
		}
	}
}

// Watch begins to watch a hunt: the full frame (R60) is delivered before Watch returns, and every
// frame of the round after it. Refused as R55 says.
func (w *World) Watch(
	nowMs int64, hunt vocab.ID, player vocab.PlayerRef, codec vocab.Codec, watcher Watcher,
) (*Watch, *problem.Problem) {
	h := w.find(&hunt)
	if h == nil {
		return nil, problem.UnknownHunt
	}
	h.room.mu.Lock()
	defer h.room.mu.Unlock()
	frame, p := h.watch(nowMs, player, codec)
	if p != nil {
		return nil, p
	}
	watch := &Watch{hunt: h, watcher: watcher, startedMs: player.StartedMs, codec: codec}
	h.room.add(watch)
	watcher.Deliver(frame)
	return watch, nil
}

// Leave ends it. Deliver is not called any more once Leave has returned. It may be called again,
// and after the round has ended.
func (w *Watch) Leave() {
	room := &w.hunt.room
	room.mu.Lock()
	defer room.mu.Unlock()
	if w.place != notInRoom {
		room.remove(w)
	}
}

// FullFrame is a frame that is complete by itself, in place of frames that were left out (R60), and
// nil where the round is not the hunt's any more. Frames that are delivered later may be older:
// see [wire.Frame.IsBefore].
func (w *Watch) FullFrame(nowMs int64) *wire.Frame {
	h := w.hunt
	if p := h.enter(); p != nil {
		return nil
	}
	defer h.mu.Unlock()
	if h.startedMs != w.startedMs {
		return nil
	}
	return h.fullFrame(w.codec, h.advance(nowMs))
}
