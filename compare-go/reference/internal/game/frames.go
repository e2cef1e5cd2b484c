package game

import (
	"sync"

	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
	"treasurehunt/internal/wire"
)

// When a hunt makes frames, and what they show.

// watch is the hunt's part of beginning to watch: the full frame to begin with. Called with the
// room locked.
func (h *hunt) watch(
	nowMs int64, player vocab.PlayerRef, codec vocab.Codec,
) (*wire.Frame, *problem.Problem) {
	if p := h.enter(); p != nil {
		return nil, p
	}
	defer h.mu.Unlock()
	nowMs = h.advance(nowMs)
	t, p := h.playing(player, nowMs)
	if p != nil {
		return nil, p
	}
	if h.room.count() == 0 {
		// Nobody has waited for what changed so far: the full frame says it all.
		h.round.forgetRecent()
		h.lastTick = t / BroadcastMs
		h.scheduleAt(h.nextTickMs())
	}
	return h.fullFrame(codec, nowMs), nil
}

// fullFrame is a frame that is complete by itself, encoded at most once for each codec, tick and
// change.
func (h *hunt) fullFrame(codec vocab.Codec, nowMs int64) *wire.Frame {
	state, t := h.time(nowMs)
	if f := h.fullFrames[codec]; f != nil && f.Revision == h.revision &&
		f.Tick == t/BroadcastMs && f.Ended == (state == vocab.Ended) {
		return f
	}
	var wanted [vocab.CodecCount]bool
	wanted[codec] = true
	h.fullFrames[codec] = h.frame(true, nowMs, wanted)
	return h.fullFrames[codec]
}

// tick makes the frame that is due, if anybody watches; otherwise it returns nil. The last one says
// that the round is over. Called with the room locked too.
func (h *hunt) tick(nowMs int64) *wire.Frame {
	state, t := h.time(nowMs)
	tick := t / BroadcastMs
	switch {
	case h.lastFrameMade || state == vocab.Running && tick <= h.lastTick:
		return nil
	case state == vocab.Ended:
		h.lastFrameMade = true
	default:
		h.lastTick = tick
	}
	if h.room.count() == 0 {
		return nil
	}
	frame := h.frame(false, nowMs, h.room.wanted())
	h.round.forgetRecent()
	return frame
}

// schedule says when the hunt has something to do next.
func (h *hunt) schedule() {
	switch {
	case h.lastFrameMade:
		h.scheduleAt(h.endsAtMs() + h.world.limits.EndedKeepMs)
	case h.room.count() == 0:
		h.scheduleAt(h.endsAtMs())
	default:
		h.scheduleAt(h.nextTickMs())
	}
}

func (h *hunt) scheduleAt(dueMs int64) { h.shard.schedule.set(h, dueMs) }

// nextTickMs is the time of the next tick, or of the end where that comes first.
func (h *hunt) nextTickMs() int64 {
	return min(h.startedMs+int64(h.lastTick+1)*BroadcastMs, h.endsAtMs())
}

var scratches = sync.Pool{New: func() any { return new([]byte) }}

func (h *hunt) frame(full bool, nowMs int64, wanted [vocab.CodecCount]bool) *wire.Frame {
	state, t := h.time(nowMs)
	tick := t / BroadcastMs
	t = tick * BroadcastMs
	doc := h.quest.doc
	changed := h.round.recent
	if full {
		changed = h.round.touched
	}
	scene := wire.Scene{
		Tick: tick, Revision: h.revision, Full: full, State: state,
		RemainingMs: h.remainingMs(state, t),
		Waypoints:   doc.Waypoints,
		FirstInPlay: int(t/doc.Rules.WaypointMs) % len(doc.Waypoints),
		InPlay:      min(int(doc.Rules.WaypointsInPlay), len(doc.Waypoints)),
		Treasures:   doc.Treasures,
		Remaining:   h.round.remaining,
		Changed:     changed,
		Leaders:     h.leaderboard(0, Leaders, h.leadersScratch[:0]),
	}
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	var frame *wire.Frame
	frame, *scratch = h.world.encoder.Frame(&scene, wanted, *scratch)
	return frame
}
