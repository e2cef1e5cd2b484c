package game

import (
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
type Watch struct{}

// Watch begins to watch a hunt: the full frame (R60) is delivered before Watch returns, and every
// frame of the round after it. Refused as R55 says.
func (w *World) Watch(
	nowMs int64, hunt vocab.ID, player vocab.PlayerRef, codec vocab.Codec, watcher Watcher,
) (*Watch, *problem.Problem) {
	panic("unwritten")
}

// Leave ends it. Deliver is not called any more once Leave has returned. It may be called again,
// and after the round has ended.
func (w *Watch) Leave() { panic("unwritten") }

// FullFrame is a frame that is complete by itself, in place of frames that were left out (R60), and
// nil where the round is not the hunt's any more. Frames that are delivered later may be older:
// see [wire.Frame.IsBefore].
func (w *Watch) FullFrame(nowMs int64) *wire.Frame { panic("unwritten") }
